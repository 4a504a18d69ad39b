// Tells what Kubernetes itself makes of objects in protobuf, for the table and the tests of Sallyport's own reader.
//
//	protobuf table                 the messages and kinds, as they stand in messages.ts
//	protobuf objects SEED COUNT    COUNT random objects of each kind: apiVersion, kind, protobuf, JSON
//	protobuf compare               of each line "protobuf JSON" (both Base64) on the input, whether they are one object
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

func main() {
	must(apiextensions.AddToScheme(scheme.Scheme))
	must(apiregistration.AddToScheme(scheme.Scheme))
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	switch command(1) {
	case "table":
		writeTable(out)
	case "objects":
		writeObjects(out, number(2), int(number(3)))
	case "compare":
		compare(os.Stdin, out)
	default:
		panic("usage: protobuf table | objects SEED COUNT | compare")
	}
}

func command(at int) string {
	if at >= len(os.Args) {
		return ""
	}
	return os.Args[at]
}

func number(at int) int64 {
	value, err := strconv.ParseInt(command(at), 10, 64)
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprint(err))
	}
}
