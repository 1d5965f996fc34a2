// Package addons installs what a cluster needs beside its processes: permissions, DNS and metrics Services.
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
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

//go:embed addons.yaml
var manifests string

// resources of the kinds used; fixed, so that no discovery is needed, which waits for aggregated APIs.
var resources = map[string]string{
	"Namespace": "namespaces", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings",
	"Role": "roles", "RoleBinding": "rolebindings", "Service": "services", "EndpointSlice": "endpointslices",
	"APIService": "apiservices", "CSIDriver": "csidrivers",
}

// Objects returns the manifests with their values; ${NAME} stands for a value.
func Objects(values map[string]string) ([]*unstructured.Unstructured, error) {
	text := manifests
	for name, value := range values {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	var objects []*unstructured.Unstructured
	for _, document := range strings.Split(text, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(document), &object.Object); err != nil {
			return nil, fmt.Errorf("%w in %s", err, document)
		}
		if resources[object.GetKind()] == "" {
			return nil, fmt.Errorf("no resource known for kind %q", object.GetKind())
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// Apply puts every object in place by server-side apply; all are tried, and the errors joined.
func Apply(ctx context.Context, kubeconfig string, values map[string]string, caFile string) error {
	authority, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	all := map[string]string{"CA_BUNDLE": base64.StdEncoding.EncodeToString(authority)}
	for name, value := range values {
		all[name] = value
	}
	objects, err := Objects(all)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 100
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	var failures []error
	for _, object := range objects {
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
