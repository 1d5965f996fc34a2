// Package addons installs what a cluster needs beside its processes: permissions, DNS and metrics Services. Of a cluster
// that was there before Monopod it installs the same permissions, and who each host is.
package addons

import (
	"context"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

// rights are those of agent and controller, in whosever cluster.
//
//go:embed rights.yaml
var rights string

// addons are what a control plane of our own needs beside them.
//
//go:embed addons.yaml
var addons string

// joined is who a host is in a cluster that was there before Monopod.
//
//go:embed joined.yaml
var joined string

const (
	partOf    = "app.kubernetes.io/part-of"
	hostLabel = "monopod.dev/host"
)

// resources of the kinds used; fixed, so that no discovery is needed, which waits for aggregated APIs.
var resources = map[string]string{
	"Namespace": "namespaces", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings",
	"Role": "roles", "RoleBinding": "rolebindings", "Service": "services", "EndpointSlice": "endpointslices",
	"APIService": "apiservices", "CSIDriver": "csidrivers", "ServiceAccount": "serviceaccounts",
}

// Own are the objects of a control plane of our own; ${NAME} stands for a value.
func Own(values map[string]string) ([]*unstructured.Unstructured, error) {
	granted, err := granted(values)
	if err != nil {
		return nil, err
	}
	more, err := objects(values, addons)
	return append(granted, more...), err
}

// Joined are the objects of a host in a cluster that was there before Monopod. All have labels, by which `monopod down`
// finds them.
func Joined(host string) ([]*unstructured.Unstructured, error) {
	values := map[string]string{"HOST_NAME": host}
	all, err := granted(values)
	if err != nil {
		return nil, err
	}
	identity, err := objects(values, joined)
	if err != nil {
		return nil, err
	}
	for _, object := range identity {
		label(object, hostLabel, host)
		label(object, partOf, "monopod")
	}
	return append(all, identity...), nil
}

// granted are the rights, the same for both.
func granted(values map[string]string) ([]*unstructured.Unstructured, error) {
	all, err := objects(values, rights)
	for _, object := range all {
		label(object, partOf, "monopod")
	}
	return all, err
}

func label(object *unstructured.Unstructured, name, value string) {
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[name] = value
	object.SetLabels(labels)
}

func objects(values map[string]string, text string) ([]*unstructured.Unstructured, error) {
	for name, value := range values {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	var all []*unstructured.Unstructured
	for _, document := range strings.Split(text, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(document), &object.Object); err != nil {
			return nil, fmt.Errorf("%w in %s", err, document)
		}
		if resources[object.GetKind()] == "" {
			return nil, fmt.Errorf("no resource known for kind %q", object.GetKind())
		}
		all = append(all, object)
	}
	return all, nil
}

// Apply puts what our own control plane needs in place.
func Apply(ctx context.Context, kubeconfig string, values map[string]string, caFile string) error {
	authority, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	all := map[string]string{"CA_BUNDLE": base64.StdEncoding.EncodeToString(authority)}
	for name, value := range values {
		all[name] = value
	}
	wanted, err := Own(all)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	return Put(ctx, config, wanted)
}

// Put puts every object in place by server-side apply; all are tried, and the errors joined.
func Put(ctx context.Context, config *rest.Config, wanted []*unstructured.Unstructured) error {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 100, 100
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	var failures []error
	for _, object := range wanted {
		version := object.GroupVersionKind().GroupVersion()
		resource := schema.GroupVersionResource{Group: version.Group, Version: version.Version, Resource: resources[object.GetKind()]}
		_, err := client.Resource(resource).Namespace(object.GetNamespace()).Apply(ctx, object.GetName(), object,
			metav1.ApplyOptions{FieldManager: "monopod", Force: true})
		if err != nil {
			failures = append(failures, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	return errors.Join(failures...)
}
