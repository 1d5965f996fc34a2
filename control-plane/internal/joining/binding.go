package joining

import (
	"context"
	"encoding/json"
	"fmt"

	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	// revokedAnnotation of a Host says that its rights were taken from it.
	revokedAnnotation = "monopod.dev/revoked"
	agentRole         = "monopod:agent"
)

// bind gives the host's user what every agent may do. What is there stays as it is.
func bind(ctx context.Context, client kubernetes.Interface, host string) error {
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: agentPrefix + host,
			Labels: map[string]string{"app.kubernetes.io/part-of": "monopod", hostAnnotation: host}},
		RoleRef:  rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: agentRole},
		Subjects: []rbac.Subject{{APIGroup: rbac.GroupName, Kind: rbac.UserKind, Name: agentPrefix + host}},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// bound says whether the host's user has its rights.
func bound(ctx context.Context, client kubernetes.Interface, host string) (bool, error) {
	_, err := client.RbacV1().ClusterRoleBindings().Get(ctx, agentPrefix+host, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// bindKnown binds the hosts that joined under an earlier version, whose group had all rights.
func bindKnown(ctx context.Context, client kubernetes.Interface) error {
	content, err := client.CoreV1().RESTClient().Get().AbsPath("/apis/monopod.dev/v1/hosts").Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var hosts metav1.PartialObjectMetadataList
	if err := json.Unmarshal(content, &hosts); err != nil {
		return err
	}
	for _, host := range hosts.Items {
		if _, revoked := host.Annotations[revokedAnnotation]; revoked {
			continue
		}
		if err := bind(ctx, client, host.Name); err != nil {
			return fmt.Errorf("host %s: %w", host.Name, err)
		}
	}
	return nil
}

// HostRevoked asks the Host itself whether its rights were taken from it.
func HostRevoked(ctx context.Context, client kubernetes.Interface, host string) (bool, error) {
	content, err := client.CoreV1().RESTClient().Get().AbsPath("/apis/monopod.dev/v1/hosts", host).Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var found metav1.PartialObjectMetadata
	if err := json.Unmarshal(content, &found); err != nil {
		return false, err
	}
	_, revoked := found.Annotations[revokedAnnotation]
	return revoked, nil
}
