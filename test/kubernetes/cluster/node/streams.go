package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	internalapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-client/pkg/logs"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// portsAnnotation maps a pod's ports to those of loopback, as JSON: {"80": 41234}. Others are what they are.
const portsAnnotation = "sallyport.test/ports"

const (
	idle     = 4 * time.Hour
	creation = 30 * time.Second
)

// streams serves the kubelet's endpoints that the API server passes clients on to.
type streams struct {
	pods         *pods
	keepCommands bool
}

func (s *streams) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	if len(parts) == 3 && parts[0] == "portForward" {
		s.portForward(writer, request, parts[1], parts[2])
		return
	}
	if len(parts) != 4 {
		http.NotFound(writer, request)
		return
	}
	one := s.pods.find(parts[1], parts[2], parts[3])
	if one == nil {
		http.Error(writer, fmt.Sprintf("container not found (%q)", parts[3]), http.StatusNotFound)
		return
	}
	switch parts[0] {
	case "containerLogs":
		serveLogs(writer, request, one)
	case "exec":
		s.command(writer, request, one, false)
	case "attach":
		s.command(writer, request, one, true)
	default:
		http.NotFound(writer, request)
	}
}

func (s *streams) command(writer http.ResponseWriter, request *http.Request, one *container, attach bool) {
	options, err := remotecommand.NewOptions(request)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	watched := &watchedWriter{ResponseWriter: writer, gone: make(chan struct{})}
	runner := runner{container: one, gone: watched.gone}
	if attach {
		remotecommand.ServeAttach(watched, request, runner, one.pod, one.uid, one.spec.Name, options, idle, creation,
			remotecommand.SupportedStreamingProtocols)
		return
	}
	if s.keepCommands {
		runner.gone = nil
	}
	remotecommand.ServeExec(watched, request, runner, one.pod, one.uid, one.spec.Name, request.URL.Query()["command"],
		options, idle, creation, remotecommand.SupportedStreamingProtocols)
}

type runner struct {
	container *container
	gone      <-chan struct{}
}

func (r runner) ExecInContainer(_ context.Context, _, _, _ string, line []string, in io.Reader, out, err io.WriteCloser, tty bool, sizes <-chan remotecommand.TerminalSize, _ time.Duration) error {
	return r.container.exec(line, in, out, err, tty, sizes, r.gone)
}

func (r runner) AttachContainer(_ context.Context, _, _, _ string, in io.Reader, out, err io.WriteCloser, _ bool, sizes <-chan remotecommand.TerminalSize) error {
	return r.container.attach(in, out, err, sizes, r.gone)
}

// watchedWriter tells when the connection below a stream has ended, which the kubelet's code keeps to itself.
type watchedWriter struct {
	http.ResponseWriter
	gone chan struct{}
}

func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection, buffered, err := w.ResponseWriter.(http.Hijacker).Hijack()
	if err != nil {
		return nil, nil, err
	}
	watched := &watchedConn{Conn: connection, reader: buffered.Reader, gone: w.gone}
	return watched, bufio.NewReadWriter(bufio.NewReader(watched), buffered.Writer), nil
}

type watchedConn struct {
	net.Conn
	reader *bufio.Reader
	gone   chan struct{}
	once   sync.Once
}

func (c *watchedConn) Read(into []byte) (int, error) {
	length, err := c.reader.Read(into)
	if err != nil {
		c.once.Do(func() { close(c.gone) })
	}
	return length, err
}

func serveLogs(writer http.ResponseWriter, request *http.Request, one *container) {
	options, err := logOptions(request.URL.Query())
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	path := one.log()
	if request.URL.Query().Get("previous") == "true" {
		path = filepath.Join(filepath.Dir(path), "previous.log")
		if _, err := os.Stat(path); err != nil {
			http.Error(writer, fmt.Sprintf("previous terminated container %q in pod %q not found", one.spec.Name, one.pod), http.StatusBadRequest)
			return
		}
	}
	flushed := flushing{writer, http.NewResponseController(writer)}
	if options.Follow {
		_ = flushed.controller.Flush()
	}
	// The kubelet's own reader of logs: it asks only whether the container still runs.
	err = logs.ReadLogs(request.Context(), path, one.id(), options, statusOf{container: one}, flushed, flushed)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
	}
}

func logOptions(query url.Values) (*logs.LogOptions, error) {
	options := &logs.LogOptions{Follow: query.Get("follow") == "true", Timestamp: query.Get("timestamps") == "true"}
	var seconds *int64
	for name, into := range map[string]**int64{
		"tailLines": &options.TailLines, "limitBytes": &options.LimitBytes, "sinceSeconds": &seconds,
	} {
		if text := query.Get(name); text != "" {
			value, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			*into = &value
		}
	}
	if seconds != nil {
		options.Since = time.Now().Add(-time.Duration(*seconds) * time.Second)
	}
	if text := query.Get("sinceTime"); text != "" {
		since, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("sinceTime: %w", err)
		}
		options.Since = since
	}
	return options, nil
}

type flushing struct {
	io.Writer
	controller *http.ResponseController
}

func (f flushing) Write(bytes []byte) (int, error) {
	length, err := f.Writer.Write(bytes)
	if err == nil {
		err = f.controller.Flush()
	}
	return length, err
}

type statusOf struct {
	internalapi.RuntimeService
	container *container
}

func (s statusOf) ContainerStatus(context.Context, string, bool) (*runtimeapi.ContainerStatusResponse, error) {
	state := runtimeapi.ContainerState_CONTAINER_RUNNING
	if s.container.status().State.Terminated != nil {
		state = runtimeapi.ContainerState_CONTAINER_EXITED
	}
	return &runtimeapi.ContainerStatusResponse{Status: &runtimeapi.ContainerStatus{State: state}}, nil
}

func (s *streams) portForward(writer http.ResponseWriter, request *http.Request, namespace, name string) {
	pod, err := s.pods.lister.Pods(namespace).Get(name)
	if err != nil {
		http.Error(writer, "pod does not exist", http.StatusNotFound)
		return
	}
	ports := map[string]int{}
	if text := pod.Annotations[portsAnnotation]; text != "" {
		if err := json.Unmarshal([]byte(text), &ports); err != nil {
			http.Error(writer, portsAnnotation+": "+err.Error(), http.StatusInternalServerError)
			return
		}
	}
	options, err := portforward.NewV4Options(request)
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(writer, request, forwarder(ports), name, string(pod.UID), options, idle, creation, portforward.SupportedProtocols)
}

type forwarder map[string]int

func (f forwarder) PortForward(_ context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	to := int(port)
	if mapped, ok := f[strconv.Itoa(to)]; ok {
		to = mapped
	}
	connection, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(to)))
	if err != nil {
		return fmt.Errorf("failed to connect to localhost:%d inside the pod: %w", port, err)
	}
	defer connection.Close()
	go func() {
		_, _ = io.Copy(connection, stream)
		_ = connection.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(stream, connection)
	return err
}
