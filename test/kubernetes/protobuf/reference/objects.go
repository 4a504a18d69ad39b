package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

var (
	protobufs = protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	jsons     = jsonserializer.NewSerializerWithOptions(
		jsonserializer.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, jsonserializer.SerializerOptions{Strict: true})
)

func writeObjects(out io.Writer, seed int64, count int) {
	for _, known := range knownKinds() {
		version := known.apiVersion
		if version == "*" {
			version = "v1"
		}
		gv, err := schema.ParseGroupVersion(version)
		must(err)
		for i := range count {
			random := rand.New(rand.NewSource(seed ^ int64(i)<<32))
			object := reflect.New(known.goType)
			// The first is empty, the second has everything, others more or less.
			fill := filler{random: random, chance: []float64{0, 1, 0.2, 0.7}[i%4], depth: 0}
			fill.value(object.Elem())
			asObject := object.Interface().(runtime.Object)
			asObject.GetObjectKind().SetGroupVersionKind(gv.WithKind(known.kind))
			var pb, text strings.Builder
			must(protobufs.Encode(asObject, &pb))
			read, _, err := protobufs.Decode([]byte(pb.String()), nil, nil)
			must(err)
			must(json.NewEncoder(&text).Encode(read))
			fmt.Fprintln(out, version, known.kind, encoded(pb.String()), encoded(text.String()))
		}
	}
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func compare(in io.Reader, out io.Writer) {
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return
		}
		must(err)
		parts := strings.Fields(line)
		fmt.Fprintln(out, strings.ReplaceAll(compared(decoded(parts[0]), decoded(parts[1])), "\n", " "))
	}
}

func decoded(text string) []byte {
	bytes, err := base64.StdEncoding.DecodeString(text)
	must(err)
	return bytes
}

func compared(pb, text []byte) string {
	one, _, err := protobufs.Decode(pb, nil, nil)
	if err != nil {
		return "protobuf: " + err.Error()
	}
	other, _, err := jsons.Decode(text, nil, nil)
	if err != nil {
		return "JSON: " + err.Error()
	}
	one.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	other.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	if !equality.Semantic.DeepEqual(one, other) {
		return "differ: " + difference(reflect.ValueOf(one), reflect.ValueOf(other), "")
	}
	return "same"
}

// The first place in which the two differ.
func difference(one, other reflect.Value, path string) string {
	if equality.Semantic.DeepEqual(one.Interface(), other.Interface()) {
		return ""
	}
	switch one.Kind() {
	case reflect.Pointer:
		if !one.IsNil() && !other.IsNil() {
			return difference(one.Elem(), other.Elem(), path)
		}
	case reflect.Struct:
		for i := range one.NumField() {
			if !one.Type().Field(i).IsExported() {
				break
			}
			if found := difference(one.Field(i), other.Field(i), path+"."+one.Type().Field(i).Name); found != "" {
				return found
			}
		}
	case reflect.Slice:
		for i := range min(one.Len(), other.Len()) {
			if found := difference(one.Index(i), other.Index(i), path+"[]"); found != "" {
				return found
			}
		}
	}
	return fmt.Sprintf("%s %#v %#v", path, one.Interface(), other.Interface())
}

type filler struct {
	random *rand.Rand
	// That something that may be absent is there.
	chance float64
	depth  int
}

const deepest = 12

func (f filler) has() bool { return f.random.Float64() < f.chance }

func (f filler) value(value reflect.Value) {
	f.depth++
	if f.depth > deepest {
		return
	}
	if f.special(value.Addr().Interface()) {
		return
	}
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Field(i).CanSet() && value.Type().Field(i).Tag.Get("protobuf") != "" {
				f.value(value.Field(i))
			}
		}
	case reflect.Pointer:
		if f.has() && f.depth < deepest {
			filled := reflect.New(value.Type().Elem())
			f.value(filled.Elem())
			// In JSON a pointer to what is written as null is none.
			if text, err := json.Marshal(filled.Interface()); err != nil || string(text) != "null" {
				value.Set(filled)
			}
		}
	case reflect.Slice:
		f.slice(value)
	case reflect.Map:
		for range f.count() {
			if value.IsNil() {
				value.Set(reflect.MakeMap(value.Type()))
			}
			key, element := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
			key.SetString(f.text())
			f.value(element)
			value.SetMapIndex(key, element)
		}
	case reflect.String:
		if f.has() {
			value.SetString(f.text())
		}
	case reflect.Bool:
		value.SetBool(f.has())
	case reflect.Int32:
		if f.has() {
			value.SetInt(int64(int32(f.random.Uint32()) >> f.random.Intn(32)))
		}
	case reflect.Int64:
		if f.has() {
			value.SetInt(int64(f.random.Uint64()) >> f.random.Intn(64))
		}
	case reflect.Float64:
		if f.has() {
			value.SetFloat(f.random.NormFloat64() * float64(uint64(1)<<f.random.Intn(40)))
		}
	default:
		panic(value.Type().String())
	}
}

// How many elements something has.
func (f filler) count() int {
	if !f.has() || f.depth >= deepest {
		return 0
	}
	if f.depth > 6 {
		return 1
	}
	return 1 + f.random.Intn(2)
}

func (f filler) slice(value reflect.Value) {
	count := f.count()
	if count == 0 {
		return
	}
	if value.Type().Elem().Kind() == reflect.Uint8 {
		value.SetBytes([]byte(f.text()))
		return
	}
	value.Set(reflect.MakeSlice(value.Type(), count, count))
	for i := range count {
		f.value(value.Index(i))
	}
}

// Values of types whose form is their own; also unusual ones.
func (f filler) special(value any) bool {
	switch typed := value.(type) {
	case *meta.Time:
		if f.has() {
			typed.Time = time.Unix(f.random.Int63n(250e9)-60e9, 0).Local()
		}
	case *meta.MicroTime:
		if f.has() {
			typed.Time = time.Unix(f.random.Int63n(250e9)-60e9, f.random.Int63n(1e6)*1000).Local()
		}
	case *meta.FieldsV1:
		if f.has() {
			typed.Raw = []byte(`{"f:metadata":{".":{}, "f:labels":{}}}`)
		}
	case *runtime.RawExtension:
		if f.has() {
			typed.Raw = f.json()
		}
	case *apiextensions.JSON:
		typed.Raw = f.json()
	case *resource.Quantity:
		if f.has() {
			forms := []string{"1", "250m", "1Gi", "1500m", "-2e6", "0.5", "9223372036854775807", "12k", "1E3"}
			*typed = resource.MustParse(forms[f.random.Intn(len(forms))])
		}
	case *intstr.IntOrString:
		if f.has() {
			*typed = intstr.FromString(f.text())
		} else {
			*typed = intstr.FromInt32(int32(f.random.Uint32()))
		}
	case *apiextensions.JSONSchemaPropsOrBool:
		typed.Allows = f.has()
		if f.has() && f.depth < deepest/2 {
			typed.Allows, typed.Schema = true, &apiextensions.JSONSchemaProps{}
			f.value(reflect.ValueOf(typed.Schema).Elem())
		}
	case *apiextensions.JSONSchemaPropsOrArray:
		if f.depth < deepest/2 && f.has() {
			f.slice(reflect.ValueOf(&typed.JSONSchemas).Elem())
		}
		if len(typed.JSONSchemas) == 0 {
			typed.Schema = &apiextensions.JSONSchemaProps{Type: "object"}
		}
	case *apiextensions.JSONSchemaPropsOrStringArray:
		typed.Property = []string{f.text(), ""}
		if f.depth < deepest/2 && f.has() {
			typed.Property, typed.Schema = nil, &apiextensions.JSONSchemaProps{}
			f.value(reflect.ValueOf(typed.Schema).Elem())
		}
	case *apiextensions.JSONSchemaProps:
		// Schemas stand in schemas: of each only some, and none far down.
		if f.depth > 7 {
			typed.Type = f.text()
			return true
		}
		f.chance = min(f.chance, 0.3)
		schema := reflect.ValueOf(typed).Elem()
		for i := range schema.NumField() {
			f.value(schema.Field(i))
		}
	default:
		return false
	}
	return true
}

func (f filler) json() []byte {
	forms := []string{`{"a": [1, 2.50, null], "kind":"X"}`, `"text"`, `12345678901234567890`, `true`, `[]`, `{"b":{"c":{}}}`}
	return []byte(forms[f.random.Intn(len(forms))])
}

func (f filler) text() string {
	forms := []string{
		"a", "kube-system", "registry.test/app:1", "", "ä ö 𝄞 \u2028", "quote\" back\\slash / <b>&", "line\nand\ttab\x01\x7f\u0085",
		"__proto__", "constructor", "*", "null", "0",
	}
	return forms[f.random.Intn(len(forms))] + strings.Repeat("x", f.random.Intn(3))
}
