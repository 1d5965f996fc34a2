package granting

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Keeper renews the tokens of a host, each by the one that still holds, and says when the cluster takes one no more.
// Who uses a token reads its file anew.
type Keeper struct {
	DataDir  string
	HostName string
	// Controller says that the host runs one, with a credential of its own.
	Controller bool
	// connect is a client of the configuration; kubernetes.NewForConfig if nil.
	connect func(*rest.Config) (kubernetes.Interface, error)
}

// Pass looks at each credential once.
func (k Keeper) Pass(ctx context.Context, now time.Time) error {
	var failures []error
	for _, p := range processes(k.HostName, k.Controller) {
		if err := k.keep(ctx, p, now); err != nil {
			failures = append(failures, explain(p, k.HostName, err))
		}
	}
	return errors.Join(failures...)
}

func (k Keeper) keep(ctx context.Context, p process, now time.Time) error {
	config, err := clientcmd.BuildConfigFromFlags("", Kubeconfig(k.DataDir, p.name))
	if err != nil {
		return err
	}
	config.Timeout = 20 * time.Second
	path := tokenFile(k.DataDir, p.name)
	token, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// A file that was damaged is renewed as well, as long as it is taken.
	if found, err := lifeOf(string(token)); err != nil || found.due(now) {
		if err := k.renew(ctx, p, config, path); err != nil {
			return err
		}
	}
	client, err := k.client(config)
	if err != nil {
		return err
	}
	_, err = client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authentication.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsNotFound(err) { // before Kubernetes 1.28
		return nil
	}
	return err
}

// renew asks as the service account itself, which may do this and no more.
func (k Keeper) renew(ctx context.Context, p process, config *rest.Config, path string) error {
	itself := rest.CopyConfig(config)
	itself.Impersonate = rest.ImpersonationConfig{}
	client, err := k.client(itself)
	if err != nil {
		return err
	}
	token, err := request(ctx, client, p.account(k.HostName))
	if err != nil {
		return err
	}
	return replace(path, []byte(token))
}

func (k Keeper) client(config *rest.Config) (kubernetes.Interface, error) {
	if k.connect != nil {
		return k.connect(config)
	}
	return kubernetes.NewForConfig(config)
}

// lifeOf a token of a service account, which is a JWT. Its signature is the API server's to check.
func lifeOf(token string) (life, error) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return life{}, errors.New("the token is not a JWT")
	}
	content, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return life{}, fmt.Errorf("the token's claims: %w", err)
	}
	var claims struct {
		IssuedAt float64 `json:"iat"`
		Expires  float64 `json:"exp"`
	}
	if err := json.Unmarshal(content, &claims); err != nil {
		return life{}, fmt.Errorf("the token's claims: %w", err)
	}
	if claims.Expires <= claims.IssuedAt {
		return life{}, errors.New("the token has no end")
	}
	return life{begin: time.Unix(int64(claims.IssuedAt), 0), end: time.Unix(int64(claims.Expires), 0)}, nil
}
