package granting

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"dev.monopod/control-plane/internal/addons"
)

var begin = time.Unix(1_800_000_000, 0)

// jwt is a token of this life, as an API server makes them.
func jwt(from time.Time, lasts time.Duration) string {
	claims := fmt.Sprintf(`{"iat":%d,"exp":%d}`, from.Unix(), from.Add(lasts).Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// cluster is a fake one that makes tokens, and remembers for whom, and as whom somebody asked.
type cluster struct {
	client *fake.Clientset
	asked  []string
	as     []string
	refuse error
}

func newCluster(now func() time.Time) *cluster {
	c := &cluster{client: fake.NewClientset()}
	c.client.PrependReactor("create", "serviceaccounts", func(action clienttesting.Action) (bool, runtime.Object, error) {
		create := action.(clienttesting.CreateActionImpl)
		if create.GetSubresource() != "token" {
			return false, nil, nil
		}
		if c.refuse != nil {
			return true, nil, c.refuse
		}
		c.asked = append(c.asked, create.GetNamespace()+"/"+create.Name)
		return true, &authentication.TokenRequest{Status: authentication.TokenRequestStatus{Token: jwt(now(), 24*time.Hour)}}, nil
	})
	c.client.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authentication.SelfSubjectReview{}, c.refuse
	})
	return c
}

func (c *cluster) keeper(folder string) Keeper {
	return Keeper{DataDir: folder, HostName: "h", Controller: true, connect: func(config *rest.Config) (kubernetes.Interface, error) {
		c.as = append(c.as, config.Impersonate.UserName)
		return c.client, nil
	}}
}

func granted(t *testing.T, c *cluster) string {
	t.Helper()
	folder := t.TempDir()
	err := write(context.Background(), c.client, Options{DataDir: folder, HostName: "h", Controller: true}, &api.Cluster{Server: "https://192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	c.asked = nil
	return folder
}

func TestAProcessActsAsTheUserThatACertificateOfOurOwnNames(t *testing.T) {
	c := newCluster(func() time.Time { return begin })
	folder := granted(t, c)
	for process, want := range map[string]rest.ImpersonationConfig{
		"agent":      {UserName: "monopod:agent:h", Groups: []string{"monopod:agents"}},
		"controller": {UserName: "monopod:controller"},
	} {
		config, err := clientcmd.BuildConfigFromFlags("", Kubeconfig(folder, process))
		if err != nil {
			t.Fatal(err)
		}
		if config.Impersonate.UserName != want.UserName || !slices.Equal(config.Impersonate.Groups, want.Groups) {
			t.Errorf("the %s acts as %v", process, config.Impersonate)
		}
		if config.BearerTokenFile != filepath.Join(folder, "kubeconfig", "joined-"+process+".token") || config.Host != "https://192.0.2.1" {
			t.Errorf("the %s has %v", process, config)
		}
	}
	files, err := os.ReadDir(filepath.Join(folder, "kubeconfig"))
	if err != nil || len(files) != 4 {
		t.Fatalf("files: %v, %v", files, err)
	}
	for _, file := range files {
		if information, err := file.Info(); err != nil || information.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v, %v", file.Name(), information.Mode(), err)
		}
	}
}

func TestATokenIsRenewedByItselfOnceAThirdOfItsLifeIsLeft(t *testing.T) {
	now := begin
	c := newCluster(func() time.Time { return now })
	folder := granted(t, c)
	keeper := c.keeper(folder)
	now = begin.Add(15 * time.Hour)
	if err := keeper.Pass(context.Background(), now); err != nil || len(c.asked) != 0 {
		t.Fatalf("after 15 of 24 hours: asked %v, %v", c.asked, err)
	}
	now, c.as = begin.Add(17*time.Hour), nil
	if err := keeper.Pass(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	if want := []string{"monopod-system/agent.h", "monopod-system/controller.h"}; !slices.Equal(c.asked, want) {
		t.Errorf("asked for %v, not %v", c.asked, want)
	}
	if want := []string{"", "monopod:agent:h", "", "monopod:controller"}; !slices.Equal(c.as, want) {
		t.Errorf("asked as %q, not %q", c.as, want)
	}
	c.asked = nil
	if err := keeper.Pass(context.Background(), now.Add(time.Hour)); err != nil || len(c.asked) != 0 {
		t.Errorf("the new tokens are not kept: asked %v, %v", c.asked, err)
	}
}

func TestAHostWithAnAgentAloneHasNoCredentialOfAController(t *testing.T) {
	c := newCluster(func() time.Time { return begin })
	folder := t.TempDir()
	if err := write(context.Background(), c.client, Options{DataDir: folder, HostName: "h"}, &api.Cluster{Server: "https://192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	keeper := c.keeper(folder)
	keeper.Controller = false
	if err := keeper.Pass(context.Background(), begin.Add(17*time.Hour)); err != nil {
		t.Fatalf("it misses one: %v", err)
	}
	if want := []string{"monopod-system/agent.h", "monopod-system/agent.h"}; !slices.Equal(c.asked, want) {
		t.Errorf("asked for %v, not %v", c.asked, want)
	}
	if slices.Contains(c.as, "monopod:controller") {
		t.Errorf("asked as %q", c.as)
	}
}

func TestAnAgentHasNoRightsUntilAPolicyHoldsIt(t *testing.T) {
	objects, err := addons.Joined("h")
	if err != nil {
		t.Fatal(err)
	}
	left, binding := withoutRights(objects, "h")
	if binding.GetName() != "monopod:agent:h" || len(left) != len(objects)-1 || slices.Contains(left, binding) {
		t.Errorf("%s is parted from %d of %d objects", binding.GetName(), len(left), len(objects))
	}
	client := fake.NewClientset(&admission.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "monopod-agents"}})
	if held, err := agentsAreHeld(context.Background(), client, 0); err != nil || !held {
		t.Errorf("with the policy: %v, %v", held, err)
	}
	client = fake.NewClientset()
	if held, err := agentsAreHeld(context.Background(), client, 0); err != nil || held {
		t.Errorf("without the policy: %v, %v", held, err)
	}
	client.PrependReactor("get", "validatingadmissionpolicybindings", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{}, "monopod-agents", errors.New("no"))
	})
	if held, err := agentsAreHeld(context.Background(), client, 0); err == nil || held {
		t.Errorf("when the cluster does not say: %v, %v", held, err)
	}
}

func TestADamagedTokenIsRenewed(t *testing.T) {
	c := newCluster(func() time.Time { return begin })
	folder := granted(t, c)
	if err := os.WriteFile(tokenFile(folder, "agent"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.keeper(folder).Pass(context.Background(), begin); err != nil || !slices.Equal(c.asked, []string{"monopod-system/agent.h"}) {
		t.Errorf("asked for %v, %v", c.asked, err)
	}
}

func TestARevokedCredentialIsSaidWithTheRemedy(t *testing.T) {
	for want, refusal := range map[string]error{
		"its service account monopod-system/agent.h was deleted": apierrors.NewUnauthorized("Unauthorized"),
		"the agent of host h has no rights any more": apierrors.NewForbidden(schema.GroupResource{Resource: "users"}, "monopod:agent:h",
			errors.New("cannot impersonate")),
	} {
		c := newCluster(func() time.Time { return begin })
		folder := granted(t, c)
		c.refuse = refusal
		err := c.keeper(folder).Pass(context.Background(), begin)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "monopod up --kubeconfig") {
			t.Errorf("it says %v, not %q", err, want)
		}
	}
}

func TestAnotherClusterIsRefused(t *testing.T) {
	folder := t.TempDir()
	c := newCluster(func() time.Time { return begin })
	ours := &api.Cluster{Server: "https://192.0.2.1", CertificateAuthorityData: []byte("ours")}
	if err := write(context.Background(), c.client, Options{DataDir: folder, HostName: "h", Controller: true}, ours); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(folder, "other")
	config := kubeconfigOf(process{name: "admin"}, &api.Cluster{Server: "https://192.0.2.1", CertificateAuthorityData: []byte("others")}, "/t")
	if err := clientcmd.WriteToFile(*config, other); err != nil {
		t.Fatal(err)
	}
	err := Grant(context.Background(), Options{Kubeconfig: other, DataDir: folder, HostName: "h"})
	if err == nil || !strings.Contains(err.Error(), "is of another") {
		t.Errorf("it says %v", err)
	}
}
