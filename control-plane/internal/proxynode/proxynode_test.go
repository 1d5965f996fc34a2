package proxynode

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

func client(t *testing.T) (kubernetes.Interface, *atomic.Int32) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	config := &rest.Config{
		Host: server.URL, AuthProvider: AuthProvider("192.168.0.4"),
		ContentConfig: rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf", AcceptContentTypes: "application/vnd.kubernetes.protobuf"},
	}
	set, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return set, &asked
}

func TestMain(m *testing.M) {
	if err := Register(); err != nil {
		panic(err)
	}
	m.Run()
}

// As kube-proxy's own node manager asks.
func TestInformerSyncsAtOnceWithTheNodesAddress(t *testing.T) {
	set, asked := client(t)
	factory := informers.NewSharedInformerFactoryWithOptions(set, 0, informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector("metadata.name", "monopod-vpc-default").String()
	}))
	nodes := factory.Core().V1().Nodes()
	lister := nodes.Lister()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), nodes.Informer().HasSynced) {
		t.Fatal("the informer never had its node")
	}
	node, err := lister.Get("monopod-vpc-default")
	if err != nil {
		t.Fatal(err)
	}
	if got := node.Status.Addresses[0].Address; got != "192.168.0.4" {
		t.Errorf("address %s", got)
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests went to the API server", asked.Load())
	}
}

func TestListHoldsTheNode(t *testing.T) {
	set, _ := client(t)
	list, err := set.CoreV1().Nodes().List(context.Background(), metav1.ListOptions{FieldSelector: "metadata.name=here"})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 1 || list.Items[0].Name != "here" {
		t.Errorf("%v", list.Items)
	}
}

func TestEverythingElseGoesToTheServer(t *testing.T) {
	set, asked := client(t)
	_, _ = set.CoreV1().Nodes().List(context.Background(), metav1.ListOptions{})
	_, _ = set.CoreV1().Services("").List(context.Background(), metav1.ListOptions{FieldSelector: "metadata.name=here"})
	if asked.Load() != 2 {
		t.Errorf("%d requests of 2 went to the API server", asked.Load())
	}
}
