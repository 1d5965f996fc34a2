package joining

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	tokenNamespace  = "kube-system"
	tokenPrefix     = "bootstrap-token-"
	tokenExpiration = "expiration"
	// hostAnnotation names the host that a token has made.
	hostAnnotation = "monopod.dev/host"
	// usedLife is how long a token that is used goes on for its host, which asks for two certificates and fetches them.
	usedLife = 10 * time.Minute
)

// exists says whether a host of this name is in the cluster.
type exists func(ctx context.Context, host string) (bool, error)

func hostExists(client kubernetes.Interface) exists {
	return func(ctx context.Context, host string) (bool, error) {
		err := client.CoreV1().RESTClient().Get().AbsPath("/apis/monopod.dev/v1/hosts", host).Do(ctx).Error()
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	}
}

// useUp binds a token to the host that it makes, or says why it does not make this one: it has made another, or the
// name is that of a host that is there, whose place the newcomer would take. A token that was made for a host is bound
// to it from the start. The token controller deletes what has expired.
func useUp(ctx context.Context, client kubernetes.Interface, there exists, id, host string, now time.Time) (reason string, err error) {
	secrets := client.CoreV1().Secrets(tokenNamespace)
	token, err := secrets.Get(ctx, tokenPrefix+id, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	made := token.Annotations[hostAnnotation]
	if made == host {
		return "", nil
	}
	if taken, err := there(ctx, host); err != nil || taken {
		return fmt.Sprintf("host name %s: a host of the cluster has it; to let that one join anew, make a token by `monopod token create --host %s`", host, host), err
	}
	// A host that was refused its place did not use its token up.
	if made != "" {
		if used, err := there(ctx, made); err != nil || used {
			return fmt.Sprintf("token: it has made the host %s, and makes no other; `monopod token create` makes a new one", made), err
		}
	}
	if token.Annotations == nil {
		token.Annotations = map[string]string{}
	}
	token.Annotations[hostAnnotation] = host
	end := now.Add(usedLife)
	if before, err := time.Parse(time.RFC3339, string(token.Data[tokenExpiration])); err != nil || end.Before(before) {
		if token.Data == nil {
			token.Data = map[string][]byte{}
		}
		token.Data[tokenExpiration] = []byte(end.UTC().Format(time.RFC3339))
	}
	// Of two hosts that come at the same time one is refused here: the version is that of the Secret that was read.
	_, err = secrets.Update(ctx, token, metav1.UpdateOptions{})
	return "", err
}
