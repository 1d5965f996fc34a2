package joining

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	certificates "k8s.io/api/certificates/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	authorityLife = 365 * 24 * time.Hour
	tokenUser     = "system:bootstrap:"
)

// PublicKeyHash is what pins an authority: sha256:HEX of its public key, as kubeadm writes it.
func PublicKeyHash(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Authority is what signs hosts' own authorities.
type Authority struct {
	// Path of the certificate and its key, without .crt and .key.
	Path string
	// NoPods are ranges in which no pod is, so that no host has to speak for an address there.
	NoPods []netip.Prefix
}

// Answer approves what new hosts ask for, and signs their kubelets' authorities, until the context ends.
//
// The clients' certificates are signed by the controller manager, once they are approved.
func Answer(ctx context.Context, kubeconfig string, authority Authority) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := bindKnown(ctx, client); err != nil {
		return err
	}
	go sweep(ctx, client)
	factory := informers.NewSharedInformerFactory(client, 10*time.Minute)
	informer := factory.Certificates().V1().CertificateSigningRequests().Informer()
	answer := func(object any) {
		request, ok := object.(*certificates.CertificateSigningRequest)
		if !ok || len(request.Status.Certificate) > 0 || closed(request) {
			return
		}
		if err := answerOne(ctx, client, request.DeepCopy(), authority); err != nil {
			slog.Warn("request of a host not answered yet", "name", request.Name, "error", err)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: answer, UpdateFunc: func(_, object any) { answer(object) },
	}); err != nil {
		return err
	}
	informer.RunWithContext(ctx)
	return nil
}

func closed(request *certificates.CertificateSigningRequest) bool {
	return slices.ContainsFunc(request.Status.Conditions, func(c certificates.CertificateSigningRequestCondition) bool {
		return c.Type != certificates.CertificateApproved
	})
}

func answerOne(ctx context.Context, client kubernetes.Interface, request *certificates.CertificateSigningRequest, authority Authority) error {
	host, reason := judge(request)
	if host == "" && reason == "" {
		return nil
	}
	requests := client.CertificatesV1().CertificateSigningRequests()
	if len(request.Status.Conditions) == 0 {
		if reason == "" {
			var err error
			if reason, err = mayHave(ctx, client, request, host); err != nil {
				return err
			}
		}
		condition := certificates.CertificateSigningRequestCondition{
			Type: certificates.CertificateApproved, Status: core.ConditionTrue, Reason: "HostJoins", Message: "host " + host + " joins",
		}
		if renews(request) {
			condition.Reason, condition.Message = "HostRenews", "host "+host+" renews"
		}
		if reason != "" {
			condition.Type, condition.Reason, condition.Message = certificates.CertificateDenied, "NotAHosts", reason
		}
		request.Status.Conditions = append(request.Status.Conditions, condition)
		approved, err := requests.UpdateApproval(ctx, request.Name, request, metav1.UpdateOptions{})
		if err != nil {
			return err
		}
		slog.Info("request of a host answered", "name", request.Name, "host", host, "refused", reason)
		request = approved
	}
	if reason != "" || request.Spec.SignerName != KubeletAuthority {
		return nil
	}
	signed, err := sign(request.Spec.Request, host, authority, time.Now())
	if err != nil {
		return err
	}
	request.Status.Certificate = signed
	_, err = requests.UpdateStatus(ctx, request, metav1.UpdateOptions{})
	return err
}

// mayHave says why a request that is in order is refused all the same. Whose token makes a host gets its rights here, before
// its certificate.
func mayHave(ctx context.Context, client kubernetes.Interface, request *certificates.CertificateSigningRequest, host string) (reason string, err error) {
	if renews(request) {
		there, err := bound(ctx, client, host)
		if err != nil || there {
			return "", err
		}
		return fmt.Sprintf("host %s has no rights any more", host), nil
	}
	revoked, err := HostRevoked(ctx, client, host)
	if err != nil {
		return "", err
	}
	if revoked {
		return fmt.Sprintf("host name %s: its rights were taken from it, and its old certificate would have those of the new; take another name, or, when that certificate has ended, kubectl delete hosts.monopod.dev %s", host, host), nil
	}
	reason, err = useUp(ctx, client, hostExists(client), strings.TrimPrefix(request.Spec.Username, tokenUser), host, time.Now())
	if err != nil || reason != "" {
		return reason, err
	}
	return "", rebind(ctx, client, host)
}

// renews says whether a host asks by the certificate that it has.
func renews(request *certificates.CertificateSigningRequest) bool {
	return strings.HasPrefix(request.Spec.Username, agentPrefix) && slices.Contains(request.Spec.Groups, agents)
}

// judge says which host a request is for, or why it is refused; both are empty if it is none of ours. Who has a
// token may become a host, and nothing else, see useUp; a host may become itself.
func judge(request *certificates.CertificateSigningRequest) (host, reason string) {
	ours := request.Spec.SignerName == KubeletAuthority
	joins := slices.Contains(request.Spec.Groups, Group)
	if !ours && !(request.Spec.SignerName == certificates.KubeAPIServerClientSignerName && (joins || renews(request))) {
		return "", ""
	}
	if !renews(request) && (!joins || !strings.HasPrefix(request.Spec.Username, tokenUser)) {
		return "", "only a bootstrap token of Monopod, or a host itself, may ask for this"
	}
	block, _ := pem.Decode(request.Spec.Request)
	if block == nil {
		return "", "the request is not PEM"
	}
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return "", err.Error()
	}
	if err := parsed.CheckSignature(); err != nil {
		return "", err.Error()
	}
	prefix, organization := agentPrefix, []string{agents}
	usages := []certificates.KeyUsage{certificates.UsageDigitalSignature, certificates.UsageClientAuth}
	if ours {
		prefix, organization = kubeletNames, nil
		usages = []certificates.KeyUsage{certificates.UsageDigitalSignature, certificates.UsageCertSign}
	}
	name, found := strings.CutPrefix(parsed.Subject.CommonName, prefix)
	if !found || name == "" || !slices.Equal(parsed.Subject.Organization, organization) ||
		len(parsed.DNSNames)+len(parsed.IPAddresses)+len(parsed.URIs)+len(parsed.EmailAddresses) > 0 {
		return "", fmt.Sprintf("the subject %s is not that of a host's agent or kubelet", parsed.Subject)
	}
	if !slices.Equal(request.Spec.Usages, usages) {
		return "", fmt.Sprintf("usages %v, expected %v", request.Spec.Usages, usages)
	}
	if renews(request) && request.Spec.Username != agentPrefix+name {
		return "", fmt.Sprintf("%s asks for the host %s", request.Spec.Username, name)
	}
	return name, ""
}

// sign makes the host an authority of its own below ours, which can make no other authority, and speaks for no name but
// the host's.
func sign(request []byte, host string, authority Authority, now time.Time) ([]byte, error) {
	block, _ := pem.Decode(request)
	parsed, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, err := tls.LoadX509KeyPair(authority.Path+".crt", authority.Path+".key")
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: parsed.Subject,
		NotBefore: now.Add(-5 * time.Minute), NotAfter: now.Add(authorityLife),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{host},
	}
	for _, prefix := range authority.NoPods {
		template.ExcludedIPRanges = append(template.ExcludedIPRanges, &net.IPNet{IP: prefix.Masked().Addr().AsSlice(),
			Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())})
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, signer.Leaf, parsed.PublicKey, signer.PrivateKey)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), nil
}
