// A node of a test cluster: what a kubelet and a scheduler would do, as far as clients see it. It serves the kubelet's
// streaming endpoints with the kubelet's own code, binds pods, reports them running and deletes them. A container is
// no more than a folder: exec runs commands on this host, as this user, with the folder as working directory. A
// container whose image is `host` runs its command there too; one of any other image runs nothing.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	name := flag.String("name", "node-1", "name of the Node object")
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	directory := flag.String("directory", "", "where folders and logs of containers stand")
	certificate := flag.String("certificate", "", "PEM file")
	key := flag.String("key", "", "PEM file")
	clientAuthority := flag.String("client-authority", "", "PEM file; only its clients may call")
	keepCommands := flag.Bool("keep-commands", false, "let a command of exec go on when its stream ends, as containerd does")
	flag.Parse()
	log.SetFlags(0)

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check(err)
	config.QPS, config.Burst = 500, 1000
	client, err := kubernetes.NewForConfig(config)
	check(err)

	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	check(err)
	authority, err := os.ReadFile(*clientAuthority)
	check(err)
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(authority) {
		check(fmt.Errorf("%s holds no certificate", *clientAuthority))
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientCAs:    clients,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	})
	check(err)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	pods := newPods(client, *name, *directory)
	port := listener.Addr().(*net.TCPAddr).Port
	check(register(ctx, client, *name, port))
	server := &http.Server{Handler: &streams{pods: pods, keepCommands: *keepCommands}, ErrorLog: log.New(os.Stderr, "", 0)}
	go func() { check(server.Serve(listener)) }()
	go func() { check(pods.run(ctx)) }()
	// Its parent holds our standard input open and so takes us with it, however it ends.
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		stop()
	}()
	fmt.Printf("serving on %d\n", port)
	<-ctx.Done()
	pods.killAll()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
