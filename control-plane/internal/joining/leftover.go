package joining

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// sweepPeriod is far longer than an agent takes to make its Host, after it joined or somebody deleted it.
const sweepPeriod = 10 * time.Minute

// sweep takes the rights of hosts that have left, since `down` there may not, until the context ends.
func sweep(ctx context.Context, client kubernetes.Interface) {
	absent := map[string]types.UID{}
	for {
		var err error
		if absent, err = unbindGone(ctx, client, hostExists(client), absent); err != nil {
			slog.Warn("bindings of hosts that have left are not removed yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(sweepPeriod):
		}
	}
}

// unbindGone removes the bindings whose Host is not there, if it was not there at the look before either. A binding that was
// made anew since then is another.
//
// Returns what the next look is to be given: by name, the bindings without a Host.
func unbindGone(ctx context.Context, client kubernetes.Interface, there exists, before map[string]types.UID) (map[string]types.UID, error) {
	absent := map[string]types.UID{}
	bindings, err := client.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{LabelSelector: hostAnnotation})
	if err != nil {
		return absent, err
	}
	for _, binding := range bindings.Items {
		host := binding.Labels[hostAnnotation]
		if binding.Name != agentPrefix+host || binding.RoleRef.Name != agentRole {
			continue
		}
		found, err := there(ctx, host)
		if err != nil {
			return absent, fmt.Errorf("host %s: %w", host, err)
		}
		switch {
		case found:
		case before[binding.Name] == binding.UID:
			if err := unbind(ctx, client, binding); err != nil {
				return absent, fmt.Errorf("host %s: %w", host, err)
			}
			slog.Info("a host has left: its rights are removed", "host", host)
		default:
			absent[binding.Name] = binding.UID
		}
	}
	return absent, nil
}

// rebind binds a host that joins. A binding that an earlier host of its name has left goes first, so that the new one is not
// taken for it before the Host is there.
func rebind(ctx context.Context, client kubernetes.Interface, host string) error {
	found, err := client.RbacV1().ClusterRoleBindings().Get(ctx, agentPrefix+host, metav1.GetOptions{})
	if err == nil {
		err = unbind(ctx, client, *found)
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return bind(ctx, client, host)
}

func unbind(ctx context.Context, client kubernetes.Interface, binding rbac.ClusterRoleBinding) error {
	err := client.RbacV1().ClusterRoleBindings().Delete(ctx, binding.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &binding.UID}})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
