// Package proxynode answers kube-proxy's question for its own Node.
//
// kube-proxy runs in the network namespace of a VPC, for which there is no Node: Nodes stand for pods. Upstream's
// kube-proxy waits 30 s for that Node before it writes the first rule. Here its client is told of one that exists
// nowhere else, so that no user, scheduler or controller ever sees it.
package proxynode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	provider = "monopod-proxy-node"
	address  = "address"
)

// AuthProvider is the entry of a kubeconfig that puts this package into a client's way.
func AuthProvider(nodeAddress string) *api.AuthProviderConfig {
	return &api.AuthProviderConfig{Name: provider, Config: map[string]string{address: nodeAddress}}
}

// Register makes that entry known to clients of this process.
func Register() error {
	return rest.RegisterAuthProviderPlugin(provider,
		func(_ string, config map[string]string, _ rest.AuthProviderConfigPersister) (rest.AuthProvider, error) {
			if _, err := netip.ParseAddr(config[address]); err != nil {
				return nil, fmt.Errorf("%s of auth provider %s: %w", address, provider, err)
			}
			return node{address: config[address]}, nil
		})
}

// node is the Node, known by its InternalIP; its name is whatever the client asks for.
type node struct{ address string }

func (node) Login() error { return nil }

func (n node) WrapTransport(next http.RoundTripper) http.RoundTripper {
	return transport{node: n, next: next}
}

type transport struct {
	node node
	next http.RoundTripper
}

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet || !strings.HasSuffix(request.URL.Path, "/api/v1/nodes") {
		return t.next.RoundTrip(request)
	}
	query := request.URL.Query()
	selector, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return t.next.RoundTrip(request)
	}
	name, one := selector.RequiresExactMatch("metadata.name")
	if !one {
		return t.next.RoundTrip(request)
	}
	var content []byte
	switch {
	case query.Get("watch") != "true":
		content, err = json.Marshal(t.node.list(name))
	case query.Get("sendInitialEvents") == "true":
		content, err = t.node.events(name)
	}
	if err != nil {
		return nil, err
	}
	body := io.NopCloser(bytes.NewReader(content))
	if query.Get("watch") == "true" {
		// It never changes: a watch stays silent until its client leaves.
		reader, writer := io.Pipe()
		go func() {
			_, _ = writer.Write(content)
			<-request.Context().Done()
			_ = writer.CloseWithError(request.Context().Err())
		}()
		body = reader
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ContentLength: -1, Request: request,
	}, nil
}

const version = "1"

func (n node) object(name string) v1.Node {
	return v1.Node{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version},
		Status:     v1.NodeStatus{Addresses: []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: n.address}}},
	}
}

func (n node) list(name string) v1.NodeList {
	return v1.NodeList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"},
		ListMeta: metav1.ListMeta{ResourceVersion: version},
		Items:    []v1.Node{n.object(name)},
	}
}

// events are what opens a watch that stands for a list: each object, then the bookmark that ends them.
func (n node) events(name string) ([]byte, error) {
	type event struct {
		Type   watch.EventType `json:"type"`
		Object v1.Node         `json:"object"`
	}
	end := v1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{
			ResourceVersion: version,
			Annotations:     map[string]string{metav1.InitialEventsAnnotationKey: "true"},
		},
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, one := range []event{{watch.Added, n.object(name)}, {watch.Bookmark, end}} {
		if err := encoder.Encode(one); err != nil {
			return nil, err
		}
	}
	return lines.Bytes(), nil
}
