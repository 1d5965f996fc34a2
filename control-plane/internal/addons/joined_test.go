package addons

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// What agent and controller may do is the same text in both kinds of cluster.
func TestAJoinedClusterGetsTheRightsOfOurOwn(t *testing.T) {
	own, err := Own(map[string]string{"HOST_NAME": "h"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ClusterRole monopod:agent", "ClusterRole monopod:controller", "ClusterRole monopod:logging-reader",
		"ClusterRoleBinding monopod:agent:h", "ClusterRoleBinding monopod:controller"} {
		a, b := find(t, own, name), find(t, joinedObjects(t, "h"), name)
		if text(t, a) != text(t, b) {
			t.Errorf("%s is another in a joined cluster:\n%s\n%s", name, text(t, a), text(t, b))
		}
	}
}

// Nothing there makes anybody more than they are, but that a service account acts as the one user of its own process.
func TestNobodyBecomesAnAdministratorOfAJoinedCluster(t *testing.T) {
	var acts []string
	for _, object := range joinedObjects(t, "h") {
		if !strings.HasSuffix(object.GetKind(), "Role") {
			continue
		}
		for _, rule := range rulesOf(t, object) {
			for _, group := range rule.APIGroups {
				if group == "*" || !slices.Contains([]string{"monopod.dev", "vpcresources.k8s.aws"}, group) && slices.Contains(rule.Verbs, "*") {
					t.Errorf("%s: too much of %q: %v", object.GetName(), group, rule)
				}
			}
			for _, verb := range []string{"escalate", "bind", "approve", "sign"} {
				if slices.Contains(rule.Verbs, verb) {
					t.Errorf("%s may %s: %v", object.GetName(), verb, rule)
				}
			}
			if slices.Contains(rule.Resources, "clusterrolebindings") || slices.Contains(rule.Resources, "clusterroles") {
				t.Errorf("%s has %v", object.GetName(), rule)
			}
			if slices.Contains(rule.Verbs, "impersonate") {
				acts = append(acts, object.GetName()+" "+strings.Join(rule.Resources, ",")+" "+strings.Join(rule.ResourceNames, ","))
			}
		}
	}
	want := []string{
		"monopod:as-agent:h users monopod:agent:h", "monopod:as-agent:h groups monopod:agents",
		"monopod:as-controller:h users monopod:controller",
	}
	if !slices.Equal(acts, want) {
		t.Errorf("who acts as whom: %v, not %v", acts, want)
	}
}

// What a host without a controller has names the controller's user nowhere but where its rights are bound to it.
func TestAHostWithAnAgentAloneActsAsNoController(t *testing.T) {
	objects, err := Joined("h")
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetLabels()[hostLabel] == "h" && strings.Contains(text(t, object), "controller") {
			t.Errorf("%s %s speaks of a controller: %s", object.GetKind(), object.GetName(), text(t, object))
		}
	}
}

// By its labels `down` finds all of it; what is of one host goes with that host, and takes nothing of another with it.
func TestAllThatIsInstalledInAJoinedClusterIsLabelled(t *testing.T) {
	for _, host := range []string{"h", "agent", "controller"} {
		for _, object := range joinedObjects(t, host) {
			labels := object.GetLabels()
			if labels[partOf] != "monopod" {
				t.Errorf("%s %s has no label %s", object.GetKind(), object.GetName(), partOf)
			}
			ofHost := !slices.Contains([]string{"Namespace monopod-system", "ClusterRole monopod:agent", "ClusterRole monopod:controller",
				"ClusterRole monopod:logging-reader", "ClusterRoleBinding monopod:controller", "ClusterRoleBinding monopod:controller-configmaps"},
				object.GetKind()+" "+object.GetName())
			if (labels[hostLabel] == host) != ofHost {
				t.Errorf("%s %s has the label of host %q", object.GetKind(), object.GetName(), labels[hostLabel])
			}
		}
	}
}

// joinedObjects are all that a host can have.
func joinedObjects(t *testing.T, host string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := Joined(host)
	if err != nil {
		t.Fatal(err)
	}
	controller, err := JoinedController(host)
	if err != nil {
		t.Fatal(err)
	}
	return append(objects, controller...)
}

func find(t *testing.T, objects []*unstructured.Unstructured, name string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind()+" "+object.GetName() == name && object.GetNamespace() == "" {
			return object.DeepCopy()
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

func rulesOf(t *testing.T, object *unstructured.Unstructured) []rbac.PolicyRule {
	t.Helper()
	var role rbac.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
		t.Fatal(err)
	}
	if len(role.Rules) == 0 {
		t.Fatalf("%s has no rules: they were not read", object.GetName())
	}
	return role.Rules
}

func text(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	content, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
