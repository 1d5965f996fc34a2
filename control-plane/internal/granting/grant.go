// Package granting gives a host its credentials in a cluster that was there before Monopod, and renews them. They are
// tokens of service accounts, which every cluster has, and act as the users that a control plane of our own signs
// certificates for: roles and policies are the same in both.
package granting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"dev.monopod/control-plane/internal/addons"
	"dev.monopod/control-plane/internal/joining"
)

const (
	namespace = "monopod-system"
	// asked is the life of a token in seconds, 30 days; many clusters give a day at most.
	asked = int64(30 * 24 * 60 * 60)
	// agentPolicy is the name of the policy that holds agents to their own hosts, and of its binding.
	agentPolicy    = "monopod-agents"
	policyPatience = 10 * time.Second
	// mend is what somebody has to do whose credential is worth nothing any more.
	mend = "monopod up --kubeconfig FILE, with an administrator's, gives it a new one"
)

// Options are what Grant needs to know.
type Options struct {
	Kubeconfig string // of an administrator; nothing of it is kept but where the API server is, and who signs for it
	DataDir    string
	HostName   string
	Controller bool // whether the host runs one; what it had for one before is taken from it if not
}

// process is one that speaks to the cluster, and as whom.
type process struct {
	name   string
	user   string
	groups []string
}

const controllerName = "controller"

// processes of a host that have credentials.
func processes(host string, controller bool) []process {
	all := []process{{name: "agent", user: "monopod:agent:" + host, groups: []string{"monopod:agents"}}}
	if controller {
		all = append(all, process{name: controllerName, user: "monopod:controller"})
	}
	return all
}

func (p process) account(host string) string { return p.name + "." + host }

// Kubeconfig is the path of a process' kubeconfig.
func Kubeconfig(dataDir, process string) string {
	return filepath.Join(dataDir, "kubeconfig", "joined-"+process+".kubeconfig")
}

func tokenFile(dataDir, process string) string {
	return filepath.Join(dataDir, "kubeconfig", "joined-"+process+".token")
}

// Grant puts roles, bindings and service accounts in place, and writes kubeconfigs for the agent, and for the controller if
// the host runs one. If not, it takes what the host had for one, in the cluster and on the host; and as long as no policy holds agents to
// their own hosts, the agent has no rights either.
func Grant(ctx context.Context, options Options) error {
	cluster, err := clusterOf(options.Kubeconfig)
	if err != nil {
		return err
	}
	if before, err := clusterOf(Kubeconfig(options.DataDir, "agent")); err == nil && !same(before, cluster) {
		return fmt.Errorf("this machine is up with the cluster of %s, and %s is of another; monopod down, then up with the new one",
			before.Server, options.Kubeconfig)
	}
	config, err := clientcmd.BuildConfigFromFlags("", options.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	revoked, err := joining.HostRevoked(ctx, client, options.HostName)
	if err != nil {
		return err
	}
	if revoked {
		return fmt.Errorf("host %s was revoked; to let it in again: kubectl delete hosts.monopod.dev %s", options.HostName, options.HostName)
	}
	objects, err := addons.Joined(options.HostName)
	if err != nil {
		return err
	}
	controller, err := addons.JoinedController(options.HostName)
	if err != nil {
		return err
	}
	if options.Controller {
		objects = append(objects, controller...)
	} else {
		held, err := agentsAreHeld(ctx, client, policyPatience)
		if err != nil {
			return err
		}
		if !held {
			var binding *unstructured.Unstructured
			objects, binding = withoutRights(objects, options.HostName)
			controller = append(controller, binding)
		}
		if err := withdraw(ctx, config, options, controller); err != nil {
			return err
		}
	}
	if err := addons.Put(ctx, config, objects); err != nil {
		return fmt.Errorf("the roles are not in place: %w", err)
	}
	return write(ctx, client, options, cluster)
}

// agentsAreHeld says whether the policy is there that holds an agent to its own host; a controller brings it. RBAC alone
// would let an agent have tokens of any service account, and so what the controller may. Waits, since a controller may have
// begun just now. (Who runs a controller gains nothing by that.)
func agentsAreHeld(ctx context.Context, client kubernetes.Interface, patience time.Duration) (bool, error) {
	for deadline := time.Now().Add(patience); ; {
		_, err := client.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Get(ctx, agentPolicy, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return err == nil, err
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// withoutRights parts the objects of a host from the binding that gives its agent all rights.
func withoutRights(objects []*unstructured.Unstructured, host string) ([]*unstructured.Unstructured, *unstructured.Unstructured) {
	at := slices.IndexFunc(objects, func(object *unstructured.Unstructured) bool {
		return object.GetKind() == "ClusterRoleBinding" && object.GetName() == "monopod:agent:"+host
	})
	return slices.Delete(slices.Clone(objects), at, at+1), objects[at]
}

// withdraw takes from a host what it was as a controller. Rights go first: a token that somebody has copied is worth nothing
// then, whatever becomes of the file.
func withdraw(ctx context.Context, config *rest.Config, options Options, controller []*unstructured.Unstructured) error {
	if err := addons.Remove(ctx, config, controller); err != nil {
		return fmt.Errorf("the rights of the controller of host %s are not taken from it: %w", options.HostName, err)
	}
	for _, file := range []string{Kubeconfig(options.DataDir, controllerName), tokenFile(options.DataDir, controllerName)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func write(ctx context.Context, client kubernetes.Interface, options Options, cluster *api.Cluster) error {
	if err := os.MkdirAll(filepath.Join(options.DataDir, "kubeconfig"), 0o700); err != nil {
		return err
	}
	for _, p := range processes(options.HostName, options.Controller) {
		token, err := request(ctx, client, p.account(options.HostName))
		if err != nil {
			return fmt.Errorf("no token for the %s: %w", p.name, err)
		}
		path := tokenFile(options.DataDir, p.name)
		if err := replace(path, []byte(token)); err != nil {
			return err
		}
		content, err := clientcmd.Write(*kubeconfigOf(p, cluster, path))
		if err != nil {
			return err
		}
		if err := replace(Kubeconfig(options.DataDir, p.name), content); err != nil {
			return err
		}
	}
	return nil
}

func kubeconfigOf(p process, cluster *api.Cluster, tokenFile string) *api.Config {
	config := api.NewConfig()
	config.Clusters["monopod"] = cluster
	config.AuthInfos[p.name] = &api.AuthInfo{TokenFile: tokenFile, Impersonate: p.user, ImpersonateGroups: p.groups}
	config.Contexts["monopod"] = &api.Context{Cluster: "monopod", AuthInfo: p.name}
	config.CurrentContext = "monopod"
	return config
}

// clusterOf a kubeconfig, with its files' content.
func clusterOf(kubeconfig string) (*api.Cluster, error) {
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(api.MinifyConfig(config), api.FlattenConfig(config)); err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", kubeconfig, err)
	}
	for _, cluster := range config.Clusters {
		cluster.LocationOfOrigin = ""
		return cluster, nil
	}
	return nil, fmt.Errorf("kubeconfig %s names no cluster", kubeconfig)
}

// same goes by the authority: an API server may have several addresses.
func same(a, b *api.Cluster) bool {
	if len(a.CertificateAuthorityData) == 0 {
		return len(b.CertificateAuthorityData) == 0 && a.Server == b.Server
	}
	return bytes.Equal(a.CertificateAuthorityData, b.CertificateAuthorityData)
}

func request(ctx context.Context, client kubernetes.Interface, account string) (string, error) {
	seconds := asked
	answer, err := client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account,
		&authentication.TokenRequest{Spec: authentication.TokenRequestSpec{ExpirationSeconds: &seconds}}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	if _, err := lifeOf(answer.Status.Token); err != nil {
		return "", err
	}
	return answer.Status.Token, nil
}

// explain says what became of a credential that the cluster does not take.
func explain(p process, host string, err error) error {
	if apierrors.IsUnauthorized(err) {
		return fmt.Errorf("the cluster does not know the %s of host %s: its service account %s/%s was deleted, or its token has ended; %s",
			p.name, host, namespace, p.account(host), mend)
	}
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("the %s of host %s has no rights any more: they were revoked; %s", p.name, host, mend)
	}
	return fmt.Errorf("the credential of the %s: %w", p.name, err)
}

// replace leaves the old content or the new, never a part.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// life of a token.
type life struct{ begin, end time.Time }

// due once a third of it is left.
func (l life) due(now time.Time) bool { return l.end.Sub(now) < l.end.Sub(l.begin)/3 }
