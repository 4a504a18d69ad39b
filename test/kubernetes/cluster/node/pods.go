package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// register creates the Node object, or gives it the new port.
func register(ctx context.Context, client kubernetes.Interface, name string, port int) error {
	nodes := client.CoreV1().Nodes()
	node, err := nodes.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:   name,
		Labels: map[string]string{"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
	}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = nodes.Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(port)
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastTransitionTime: metav1.Now(),
		LastHeartbeatTime: metav1.Now(),
	}}
	_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

type pods struct {
	client    kubernetes.Interface
	node      string
	directory string
	queue     workqueue.TypedRateLimitingInterface[string]
	lister    listers.PodLister

	lock       sync.Mutex
	containers map[string]*container
}

func newPods(client kubernetes.Interface, node, directory string) *pods {
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	return &pods{client: client, node: node, directory: directory, queue: queue, containers: map[string]*container{}}
}

// run follows all pods until the context ends.
func (p *pods) run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(p.client, 0)
	informer := factory.Core().V1().Pods()
	p.lister = informer.Lister()
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			p.queue.Add(key)
		}
	}
	_, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, now any) { enqueue(now) }, DeleteFunc: enqueue,
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	go func() {
		<-ctx.Done()
		p.queue.ShutDown()
	}()
	for {
		key, ended := p.queue.Get()
		if ended {
			return nil
		}
		if err := p.sync(ctx, key); err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
			p.queue.AddRateLimited(key)
		} else {
			p.queue.Forget(key)
		}
		p.queue.Done(key)
	}
}

// sync brings a pod a step on: bound, running, gone.
func (p *pods) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil
	}
	pod, err := p.lister.Pods(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		p.remove(namespace, name)
		return nil
	}
	if err != nil {
		return err
	}
	api := p.client.CoreV1().Pods(namespace)
	switch {
	case pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil:
		return api.Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: name, UID: pod.UID},
			Target:     corev1.ObjectReference{Kind: "Node", Name: p.node},
		}, metav1.CreateOptions{})
	case pod.Spec.NodeName != p.node:
		return nil
	case pod.DeletionTimestamp != nil:
		p.remove(namespace, name)
		return api.Delete(ctx, name, metav1.DeleteOptions{
			GracePeriodSeconds: new(int64), Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
		})
	}
	status, err := p.start(pod)
	if err != nil {
		return err
	}
	if equal(&pod.Status, status) {
		return nil
	}
	pod = pod.DeepCopy()
	pod.Status = *status
	_, err = api.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

// equal compares what changes of a status: how many containers there are, and which of them run.
func equal(old, now *corev1.PodStatus) bool {
	states := func(status *corev1.PodStatus) string {
		text := string(status.Phase)
		for _, one := range append(append([]corev1.ContainerStatus{}, status.ContainerStatuses...), status.EphemeralContainerStatuses...) {
			text += fmt.Sprintf(" %s %t", one.Name, one.State.Terminated != nil)
		}
		return text
	}
	return states(old) == states(now)
}

// start makes and starts the containers that aren't yet there, and says how the pod is.
func (p *pods) start(pod *corev1.Pod) (*corev1.PodStatus, error) {
	status := pod.Status.DeepCopy()
	if status.StartTime == nil {
		now := metav1.Now()
		status.StartTime = &now
	}
	status.HostIP, status.PodIP = "127.0.0.1", "192.0.2.1"
	status.HostIPs, status.PodIPs = []corev1.HostIP{{IP: status.HostIP}}, []corev1.PodIP{{IP: status.PodIP}}
	status.InitContainerStatuses, status.ContainerStatuses, status.EphemeralContainerStatuses = nil, nil, nil
	for _, spec := range pod.Spec.InitContainers {
		now := metav1.Now()
		status.InitContainerStatuses = append(status.InitContainerStatuses, corev1.ContainerStatus{
			Name: spec.Name, Image: spec.Image, ImageID: spec.Image, Ready: true, ContainerID: "host://" + string(pod.UID) + "/" + spec.Name,
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}},
		})
	}
	running, failed := 0, 0
	for _, spec := range pod.Spec.Containers {
		one, err := p.container(pod, spec)
		if err != nil {
			return nil, err
		}
		state := one.status()
		status.ContainerStatuses = append(status.ContainerStatuses, state)
		if state.State.Running != nil {
			running++
		} else if state.State.Terminated.ExitCode != 0 {
			failed++
		}
	}
	for _, spec := range pod.Spec.EphemeralContainers {
		one, err := p.container(pod, corev1.Container(spec.EphemeralContainerCommon))
		if err != nil {
			return nil, err
		}
		status.EphemeralContainerStatuses = append(status.EphemeralContainerStatuses, one.status())
	}
	switch {
	case running > 0:
		status.Phase = corev1.PodRunning
	case failed > 0:
		status.Phase = corev1.PodFailed
	default:
		status.Phase = corev1.PodSucceeded
	}
	ready := corev1.ConditionFalse
	if running == len(pod.Spec.Containers) {
		ready = corev1.ConditionTrue
	}
	condition := func(kind corev1.PodConditionType, value corev1.ConditionStatus) corev1.PodCondition {
		return corev1.PodCondition{Type: kind, Status: value, LastTransitionTime: metav1.Now()}
	}
	status.Conditions = []corev1.PodCondition{
		condition(corev1.PodScheduled, corev1.ConditionTrue), condition(corev1.PodInitialized, corev1.ConditionTrue),
		condition(corev1.ContainersReady, ready), condition(corev1.PodReady, ready),
	}
	return status, nil
}

func (p *pods) container(pod *corev1.Pod, spec corev1.Container) (*container, error) {
	key := pod.Namespace + "/" + pod.Name + "/" + spec.Name
	p.lock.Lock()
	defer p.lock.Unlock()
	if one := p.containers[key]; one != nil && one.uid == string(pod.UID) {
		return one, nil
	}
	one := &container{
		uid: string(pod.UID), pod: pod.Name, spec: spec, directory: filepath.Join(p.directory, key),
		started: metav1.NewTime(time.Now().Truncate(time.Second)),
		changed: func() { p.queue.Add(pod.Namespace + "/" + pod.Name) },
	}
	if err := one.start(); err != nil {
		return nil, err
	}
	p.containers[key] = one
	return one, nil
}

// find is a container that runs or ran; nil when there is none of that name.
func (p *pods) find(namespace, pod, name string) *container {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.containers[namespace+"/"+pod+"/"+name]
}

// remove ends a pod's processes. Its folders stay: tests look into them.
func (p *pods) remove(namespace, pod string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for key, one := range p.containers {
		if filepath.Dir(key) == namespace+"/"+pod {
			one.kill()
			delete(p.containers, key)
			_ = os.Rename(filepath.Join(one.directory, "log"), filepath.Join(one.directory, "previous.log"))
		}
	}
}

func (p *pods) killAll() {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, one := range p.containers {
		one.kill()
	}
}
