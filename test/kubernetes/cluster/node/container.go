package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// hostImage is the image of containers whose command is run.
const hostImage = "host"

// container is a folder, a log in the format of container runtimes, and perhaps a process.
type container struct {
	uid       string
	pod       string
	spec      corev1.Container
	directory string
	started   metav1.Time
	changed   func()

	lock     sync.Mutex
	main     *exec.Cmd
	stdin    io.WriteCloser
	terminal *os.File
	exited   chan struct{}
	ended    *corev1.ContainerStateTerminated
	commands map[*exec.Cmd]bool
	readers  map[io.Writer]string
}

func (c *container) root() string { return filepath.Join(c.directory, "root") }

func (c *container) log() string { return filepath.Join(c.directory, "log") }

func (c *container) start() error {
	c.exited, c.commands, c.readers = make(chan struct{}), map[*exec.Cmd]bool{}, map[io.Writer]string{}
	if err := os.MkdirAll(c.root(), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(c.log(), os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_ = file.Close()
	line := append(append([]string{}, c.spec.Command...), c.spec.Args...)
	if c.spec.Image != hostImage || len(line) == 0 {
		return nil
	}
	command := c.command(line, c.spec.TTY)
	if err := c.startMain(command); err != nil {
		c.ended = &corev1.ContainerStateTerminated{
			ExitCode: 127, Reason: "StartError", Message: err.Error(), StartedAt: c.started, FinishedAt: metav1.Now(),
		}
		close(c.exited)
	}
	return nil
}

func (c *container) startMain(command *exec.Cmd) error {
	var outputs sync.WaitGroup
	follow := func(from io.Reader, stream string) {
		outputs.Add(1)
		go func() {
			defer outputs.Done()
			c.follow(from, stream)
		}()
	}
	if c.spec.TTY {
		terminal, err := pty.Start(command)
		if err != nil {
			return err
		}
		c.terminal, c.stdin = terminal, terminal
		follow(terminal, "stdout")
	} else {
		stdout, _ := command.StdoutPipe()
		stderr, _ := command.StderrPipe()
		if c.spec.Stdin {
			c.stdin, _ = command.StdinPipe()
		}
		if err := command.Start(); err != nil {
			return err
		}
		follow(stdout, "stdout")
		follow(stderr, "stderr")
	}
	c.main = command
	go func() {
		outputs.Wait()
		_ = command.Wait()
		c.lock.Lock()
		code, reason := exitCode(command.ProcessState), "Completed"
		if code != 0 {
			reason = "Error"
		}
		c.ended = &corev1.ContainerStateTerminated{
			ExitCode: int32(code), Reason: reason, StartedAt: c.started,
			FinishedAt: metav1.Now(), ContainerID: c.id(),
		}
		c.lock.Unlock()
		close(c.exited)
		c.changed()
	}()
	return nil
}

// follow writes output to the log, a line at a time, and to who is attached, as it comes.
func (c *container) follow(from io.Reader, stream string) {
	lines, rest := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		reader := bufio.NewReader(lines)
		for {
			line, err := reader.ReadString('\n')
			if line != "" {
				c.append(stream, line)
			}
			if err != nil {
				return
			}
		}
	}()
	chunk := make([]byte, 32*1024)
	for {
		length, err := from.Read(chunk)
		_, _ = rest.Write(chunk[:length])
		for _, reader := range c.attached(stream) {
			_, _ = reader.Write(chunk[:length])
		}
		if err != nil {
			break
		}
	}
	_ = rest.Close()
	<-done
}

// attached are the readers of a stream: not written to under the lock, for they may be slow.
func (c *container) attached(stream string) []io.Writer {
	c.lock.Lock()
	defer c.lock.Unlock()
	var readers []io.Writer
	for reader, wanted := range c.readers {
		if wanted == stream {
			readers = append(readers, reader)
		}
	}
	return readers
}

func (c *container) append(stream, line string) {
	file, err := os.OpenFile(c.log(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	tag := "F"
	if line[len(line)-1] != '\n' {
		tag, line = "P", line+"\n"
	}
	_, _ = fmt.Fprintf(file, "%s %s %s %s", time.Now().UTC().Format(time.RFC3339Nano), stream, tag, line)
}

func (c *container) id() string { return "host://" + c.uid + "/" + c.spec.Name }

func (c *container) status() corev1.ContainerStatus {
	c.lock.Lock()
	defer c.lock.Unlock()
	running := c.ended == nil
	state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: c.started}}
	if !running {
		state = corev1.ContainerState{Terminated: c.ended}
	}
	return corev1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, ImageID: c.spec.Image, ContainerID: c.id(),
		State: state, Ready: running, Started: &running,
	}
}

func (c *container) command(line []string, tty bool) *exec.Cmd {
	command := exec.Command(line[0], line[1:]...)
	command.Dir = c.root()
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.root(), "HOSTNAME=" + c.pod}
	if tty {
		command.Env = append(command.Env, "TERM=xterm")
	} else {
		// A group of its own, so that its children end with it; a terminal makes a session, which is a group too.
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	for _, one := range c.spec.Env {
		command.Env = append(command.Env, one.Name+"="+one.Value)
	}
	return command
}

// exec runs a command to its end; when `gone` is closed before, its process group is killed.
func (c *container) exec(line []string, stdin io.Reader, stdout, stderr io.Writer, tty bool, sizes <-chan remotecommand.TerminalSize, gone <-chan struct{}) error {
	command := c.command(line, tty)
	var output sync.WaitGroup
	if tty {
		terminal, err := pty.Start(command)
		if err != nil {
			return notStarted(err)
		}
		defer terminal.Close()
		go resize(terminal, sizes)
		if stdin != nil {
			go func() { _, _ = io.Copy(terminal, stdin) }()
		}
		output.Add(1)
		go func() {
			defer output.Done()
			_, _ = io.Copy(stdout, terminal)
		}()
	} else {
		var input io.WriteCloser
		if stdin != nil {
			input, _ = command.StdinPipe()
		}
		pipe := func(to io.Writer, from func() (io.ReadCloser, error)) {
			if to == nil {
				return
			}
			reader, _ := from()
			output.Add(1)
			go func() {
				defer output.Done()
				_, _ = io.Copy(to, reader)
				// A reader that is gone must not hold the process up.
				_, _ = io.Copy(io.Discard, reader)
			}()
		}
		pipe(stdout, command.StdoutPipe)
		pipe(stderr, command.StderrPipe)
		if err := command.Start(); err != nil {
			return notStarted(err)
		}
		if input != nil {
			go func() {
				_, _ = io.Copy(input, stdin)
				_ = input.Close()
			}()
		}
	}
	c.lock.Lock()
	c.commands[command] = true
	c.lock.Unlock()
	ended := make(chan struct{})
	go func() {
		select {
		case <-gone:
			killGroup(command)
		case <-ended:
		}
	}()
	output.Wait()
	_ = command.Wait()
	close(ended)
	c.lock.Lock()
	delete(c.commands, command)
	c.lock.Unlock()
	if code := exitCode(command.ProcessState); code != 0 {
		return utilexec.CodeExitError{Err: fmt.Errorf("exit status %d", code), Code: code}
	}
	return nil
}

// attach joins the container's process, or waits beside a container that has none.
func (c *container) attach(stdin io.Reader, stdout, stderr io.Writer, sizes <-chan remotecommand.TerminalSize, gone <-chan struct{}) error {
	c.lock.Lock()
	input := c.stdin
	if c.terminal != nil {
		go resize(c.terminal, sizes)
	}
	if stdout != nil {
		c.readers[stdout] = "stdout"
	}
	if stderr != nil {
		c.readers[stderr] = "stderr"
	}
	c.lock.Unlock()
	if stdin != nil && input != nil {
		go func() {
			_, _ = io.Copy(input, stdin)
			if c.spec.StdinOnce && !c.spec.TTY {
				_ = input.Close()
			}
		}()
	}
	select {
	case <-c.exited:
	case <-gone:
	}
	c.lock.Lock()
	delete(c.readers, stdout)
	delete(c.readers, stderr)
	c.lock.Unlock()
	return nil
}

func (c *container) kill() {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.main != nil && c.ended == nil {
		killGroup(c.main)
	}
	for command := range c.commands {
		killGroup(command)
	}
}

func resize(terminal *os.File, sizes <-chan remotecommand.TerminalSize) {
	for size := range sizes {
		_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
	}
}

func killGroup(command *exec.Cmd) { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }

// exitCode is as shells have it: 128 and the signal's number for who was killed.
func exitCode(state *os.ProcessState) int {
	if wait, ok := state.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return 128 + int(wait.Signal())
	}
	return state.ExitCode()
}

// notStarted is what container runtimes say of a command that can't be run.
func notStarted(err error) error { return fmt.Errorf("failed to exec in container: %w", err) }
