package joining

import (
	"context"
	"errors"
	"slices"
	"testing"

	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
)

// boundHost is a host that has joined, by a binding of this UID.
func boundHost(t *testing.T, client kubernetes.Interface, host, uid string) {
	t.Helper()
	ctx, bindings := context.Background(), client.RbacV1().ClusterRoleBindings()
	if err := rebind(ctx, client, host); err != nil {
		t.Fatal(err)
	}
	made, err := bindings.Get(ctx, agentPrefix+host, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The API server gives it.
	made.UID = types.UID(uid)
	if _, err := bindings.Update(ctx, made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func boundHosts(t *testing.T, client kubernetes.Interface) []string {
	t.Helper()
	found, err := client.RbacV1().ClusterRoleBindings().List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, binding := range found.Items {
		names = append(names, binding.Name)
	}
	slices.Sort(names)
	return names
}

func TestAHostThatHasLeftHasNoRightsAfterTheSecondLook(t *testing.T) {
	ctx, client := context.Background(), fake.NewClientset(&rbac.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "other", UID: "o", Labels: map[string]string{hostAnnotation: "left"}},
		RoleRef:    rbac.RoleRef{Kind: "ClusterRole", Name: "view"},
	})
	boundHost(t, client, "first", "1")
	boundHost(t, client, "left", "2")
	boundHost(t, client, "again", "3")
	there := func(_ context.Context, host string) (bool, error) { return host == "first", nil }

	absent, err := unbindGone(ctx, client, there, nil)
	if err != nil {
		t.Fatal(err)
	}
	if names := boundHosts(t, client); len(names) != 4 {
		t.Errorf("a Host that is not there once may be on its way: %v", names)
	}
	boundHost(t, client, "again", "4")
	if absent, err = unbindGone(ctx, client, there, absent); err != nil {
		t.Fatal(err)
	}
	want := []string{"monopod:agent:again", "monopod:agent:first", "other"}
	if names := boundHosts(t, client); !slices.Equal(names, want) {
		t.Errorf("%v, expected %v", names, want)
	}
	if len(absent) != 1 || absent["monopod:agent:again"] != "4" {
		t.Errorf("looked for next: %v", absent)
	}
}

func TestAHostOfWhichNothingIsKnownKeepsItsRights(t *testing.T) {
	ctx, client := context.Background(), fake.NewClientset()
	boundHost(t, client, "first", "1")
	silent := func(context.Context, string) (bool, error) { return false, errors.New("no answer") }
	before := map[string]types.UID{"monopod:agent:first": "1"}
	absent, err := unbindGone(ctx, client, silent, before)
	if err == nil || len(absent) != 0 || len(boundHosts(t, client)) != 1 {
		t.Errorf("%v, %v, %v", err, absent, boundHosts(t, client))
	}
}
