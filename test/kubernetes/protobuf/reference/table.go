package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strconv"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

// Types whose JSON is written by code of their own.
var special = map[reflect.Type]string{
	reflect.TypeFor[meta.Time]():                                  "Time",
	reflect.TypeFor[meta.MicroTime]():                             "MicroTime",
	reflect.TypeFor[meta.FieldsV1]():                              "Raw",
	reflect.TypeFor[runtime.RawExtension]():                       "Raw",
	reflect.TypeFor[apiextensions.JSON]():                         "Raw",
	reflect.TypeFor[resource.Quantity]():                          "Quantity",
	reflect.TypeFor[intstr.IntOrString]():                         "IntOrString",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrBool]():        "SchemaOrBool",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrArray]():       "SchemaOrArray",
	reflect.TypeFor[apiextensions.JSONSchemaPropsOrStringArray](): "SchemaOrStrings",
}

// Of these, those whose JSON may be null.
var nullable = map[string]bool{"Time": true, "MicroTime": true, "Raw": true, "SchemaOrArray": true}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	unmarshaler   = reflect.TypeFor[interface{ Unmarshal([]byte) error }]()
)

// The messages by name: of each its fields.
type table map[string]string

// Under KINDS of each apiVersion and folder of messages the kinds, under MESSAGES of each its fields.
func writeTable(out io.Writer) {
	messages := table{}
	kinds := map[string][]string{}
	for _, known := range knownKinds() {
		name := messages.add(known.goType)
		at := strings.LastIndex(name, ".")
		key := known.apiVersion + " " + name[:at]
		if known.kind != name[at+1:] {
			panic(fmt.Sprintf("%s of %s is the message %s", known.kind, known.apiVersion, name))
		}
		kinds[key] = append(kinds[key], known.kind)
	}
	fmt.Fprintln(out, "KINDS")
	for _, key := range sortedKeys(kinds) {
		fmt.Fprintln(out, key, strings.Join(kinds[key], " "))
	}
	fmt.Fprintln(out, "MESSAGES")
	for _, name := range sortedKeys(messages) {
		fmt.Fprintln(out, strings.TrimRight(name+" "+messages[name], " "))
	}
}

type knownKind struct {
	// "*" where it belongs to each
	apiVersion string
	kind       string
	goType     reflect.Type
}

// What a client may send: not what only the API server's own library decodes, and no options of queries.
func knownKinds() []knownKind {
	seen := map[string]bool{}
	var found []knownKind
	for gvk, goType := range scheme.Scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || !reflect.PointerTo(goType).Implements(unmarshaler) {
			continue
		}
		known := knownKind{gvk.GroupVersion().String(), gvk.Kind, goType}
		if goType.PkgPath() == reflect.TypeFor[meta.DeleteOptions]().PkgPath() {
			if gvk.Kind != "DeleteOptions" {
				continue
			}
			known.apiVersion = "*"
		}
		key := known.apiVersion + " " + known.kind
		if !seen[key] {
			seen[key] = true
			found = append(found, known)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := found[i], found[j]
		return a.apiVersion+" "+a.kind < b.apiVersion+" "+b.kind
	})
	return found
}

// Adds the message and all that it holds, and answers its name.
func (messages table) add(goType reflect.Type) string {
	name := nameOf(goType)
	if _, done := messages[name]; done {
		return name
	}
	messages[name] = ""
	var fields []string
	names := map[string]bool{}
	for i := range goType.NumField() {
		field := messages.field(goType, goType.Field(i))
		if field == "" {
			continue
		}
		fields = append(fields, field)
		for _, member := range messages.names(field) {
			if names[member] {
				panic(fmt.Sprintf("%s has two fields %s", name, member))
			}
			names[member] = true
		}
	}
	messages[name] = strings.Join(fields, " ")
	return name
}

// The last two parts of the package and the type: core.v1.Pod.
func nameOf(goType reflect.Type) string {
	parts := strings.Split(goType.PkgPath(), "/")
	return strings.Join(append(parts[len(parts)-2:], goType.Name()), ".")
}

// `NAME:NUMBER:TYPE`, without a name for a message whose members stand among those of the one around it. Before the type
// `?`: left out where it is its zero value; `!`: never null, which JSON reads as a pointer to nothing.
func (messages table) field(in reflect.Type, field reflect.StructField) string {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	tag := field.Tag.Get("protobuf")
	if tag == "" || tag == "-" {
		isTypeMeta := field.Type == reflect.TypeFor[meta.TypeMeta]()
		if !isTypeMeta && name != "-" {
			panic(fmt.Sprintf("%s.%s has no number", nameOf(in), field.Name))
		}
		return ""
	}
	number, err := strconv.Atoi(strings.Split(tag, ",")[1])
	must(err)
	has := func(option string) bool { return strings.Contains(","+options+",", ","+option+",") }
	isInline := has("inline") || (field.Anonymous && name == "")
	if isInline != (name == "") || name == "-" || strings.ContainsAny(name, ": ") {
		panic(fmt.Sprintf("%s.%s has no name in JSON", nameOf(in), field.Name))
	}
	isPointer := field.Type.Kind() == reflect.Pointer
	goType := field.Type
	if isPointer {
		goType = goType.Elem()
	}
	written := messages.typeOf(goType)
	canBeZero := !isPointer && (has("omitempty") && goType.Kind() != reflect.Struct || has("omitzero"))
	if canBeZero && !strings.HasPrefix(written, "{}") && !strings.HasPrefix(written, "[]") {
		written = "?" + written
	}
	if isPointer && nullable[written] {
		written = "!" + written
	}
	return fmt.Sprintf("%s:%d:%s", name, number, written)
}

// The members of the JSON that a field makes.
func (messages table) names(field string) []string {
	parts := strings.SplitN(field, ":", 3)
	if parts[0] != "" {
		return parts[:1]
	}
	var names []string
	for _, inner := range strings.Fields(messages[parts[2]]) {
		names = append(names, messages.names(inner)...)
	}
	return names
}

func (messages table) typeOf(goType reflect.Type) string {
	if name, ok := special[goType]; ok {
		if strings.HasPrefix(name, "Schema") {
			messages.add(reflect.TypeFor[apiextensions.JSONSchemaProps]())
		}
		return name
	}
	pointer := reflect.PointerTo(goType)
	if pointer.Implements(jsonMarshaler) {
		panic(fmt.Sprintf("%s is written by code of its own", nameOf(goType)))
	}
	switch goType.Kind() {
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float64:
		if pointer.Implements(unmarshaler) {
			panic(fmt.Sprintf("%s is a message of its own", nameOf(goType)))
		}
		return goType.Kind().String()
	case reflect.Struct:
		return messages.add(goType)
	case reflect.Map:
		if goType.Key().Kind() != reflect.String || pointer.Implements(unmarshaler) {
			panic(fmt.Sprintf("a map of %s", goType.Key()))
		}
		return "{}" + messages.typeOf(goType.Elem())
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		element := goType.Elem()
		if element.Kind() == reflect.Pointer {
			element = element.Elem()
		}
		if !pointer.Implements(unmarshaler) {
			return "[]" + messages.typeOf(element)
		}
		if element.Kind() != reflect.String {
			panic(fmt.Sprintf("%s is a list of its own", nameOf(goType)))
		}
		return "Strings"
	}
	panic(fmt.Sprintf("%s has no form in protobuf", goType))
}

func sortedKeys[Value any](values map[string]Value) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
