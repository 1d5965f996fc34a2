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
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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

// joinedAgent is who a host is in a cluster that was there before Monopod.
//
//go:embed joined-agent.yaml
var joinedAgent string

// joinedController is who the controller of such a host is, if it runs one.
//
//go:embed joined-controller.yaml
var joinedController string

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

// Joined are the objects of a host with an agent alone in a cluster that was there before Monopod. All have labels, by
// which `monopod down` finds them.
func Joined(host string) ([]*unstructured.Unstructured, error) {
	all, err := granted(map[string]string{"HOST_NAME": host})
	if err != nil {
		return nil, err
	}
	agent, err := identity(host, joinedAgent)
	return append(all, agent...), err
}

// JoinedController are the objects that a host has beside those if it runs a controller. Nobody else needs them, so that
// they can be removed without any other host noticing.
func JoinedController(host string) ([]*unstructured.Unstructured, error) {
	return identity(host, joinedController)
}

// identity is who a process of the host is.
func identity(host, text string) ([]*unstructured.Unstructured, error) {
	all, err := objects(map[string]string{"HOST_NAME": host}, text)
	for _, object := range all {
		label(object, hostLabel, host)
		label(object, partOf, "monopod")
	}
	return all, err
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
	return each(config, wanted, func(objects dynamic.ResourceInterface, object *unstructured.Unstructured) error {
		_, err := objects.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "monopod", Force: true})
		return err
	})
}

// Remove removes every object that is there, the last first: what binds goes before what is bound, and counts at once. All
// are tried, and the errors joined.
func Remove(ctx context.Context, config *rest.Config, unwanted []*unstructured.Unstructured) error {
	unwanted = slices.Clone(unwanted)
	slices.Reverse(unwanted)
	return each(config, unwanted, func(objects dynamic.ResourceInterface, object *unstructured.Unstructured) error {
		err := objects.Delete(ctx, object.GetName(), metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// each does one thing to all objects of a cluster, and joins the errors.
func each(config *rest.Config, all []*unstructured.Unstructured,
	act func(dynamic.ResourceInterface, *unstructured.Unstructured) error) error {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 100, 100
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	var failures []error
	for _, object := range all {
		version := object.GroupVersionKind().GroupVersion()
		resource := schema.GroupVersionResource{Group: version.Group, Version: version.Version, Resource: resources[object.GetKind()]}
		if err := act(client.Resource(resource).Namespace(object.GetNamespace()), object); err != nil {
			failures = append(failures, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	return errors.Join(failures...)
}
