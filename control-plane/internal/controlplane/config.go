// Package controlplane knows the components of one machine's control plane: flags, order, probes and certificates.
package controlplane

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// Config is what the command line writes for `supervise`.
type Config struct {
	DataDir          string   `json:"dataDir"`
	RunDir           string   `json:"runDir"`
	ControlPlane     bool     `json:"controlPlane"`
	HostName         string   `json:"hostName"`
	HostAddress      string   `json:"hostAddress"`
	VpcCIDR          string   `json:"vpcCidr"`
	NetworkNamespace string   `json:"networkNamespace"`
	ServiceCIDR      string   `json:"serviceCidr"`
	DNSAddress       string   `json:"dnsAddress"`
	ClusterDomain    string   `json:"clusterDomain"`
	Region           string   `json:"region"`
	UnsafeNoFsync    bool     `json:"unsafeNoFsync"`
	ExtraNames       []string `json:"extraNames"`
	// TokenWebhook is asked who has a token that neither a service account nor a bootstrap token is; empty for none.
	TokenWebhook string `json:"tokenWebhook"`
	// Kubeconfig of the cluster that this machine joins, without a control plane of its own.
	Kubeconfig string `json:"kubeconfig"`
	// Guest says that this cluster was there before Monopod: its credentials are tokens of service accounts.
	Guest     bool      `json:"guest"`
	Processes []Process `json:"processes"`
}

// Process is a further process to supervise, such as the controller.
type Process struct {
	Name        string            `json:"name"`
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	After       []string          `json:"after"`
	Ready       *Probe            `json:"ready"`
	// Alive is asked whether the process hangs; one that does is ended and started again.
	Alive *Probe `json:"alive"`
}

// Probe is by HTTP(S): any answer of 200 to 299 is a yes. The process is local, so its name is not checked.
type Probe struct {
	URL string `json:"url"`
}

// Load reads a configuration; unknown fields are errors, so that a misspelt one is not ignored.
func Load(file string) (Config, error) {
	config := Config{
		DataDir: "/var/lib/monopod", RunDir: "/run/monopod", HostAddress: "192.168.0.4", VpcCIDR: "192.168.0.0/16",
		NetworkNamespace: "monopod-vpc-default", ServiceCIDR: "10.100.0.0/16", DNSAddress: "10.100.0.10",
		ClusterDomain: "cluster.local", Region: "us-west-2",
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return config, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return config, fmt.Errorf("%s: %w", file, err)
	}
	for _, folder := range []string{config.DataDir, config.RunDir} {
		if !filepath.IsAbs(folder) {
			return config, fmt.Errorf("%s: %q is not an absolute path", file, folder)
		}
	}
	services, err := netip.ParsePrefix(config.ServiceCIDR)
	if err != nil {
		return config, fmt.Errorf("%s: serviceCidr: %w", file, err)
	}
	dns, err := netip.ParseAddr(config.DNSAddress)
	if err != nil || !services.Contains(dns) {
		return config, fmt.Errorf("%s: dnsAddress %q is not inside serviceCidr %s", file, config.DNSAddress, services)
	}
	return config, nil
}

func (config Config) pki(file string) string { return filepath.Join(config.DataDir, "pki", file) }

func (config Config) kubeconfig(name string) string {
	return filepath.Join(config.DataDir, "kubeconfig", name+".kubeconfig")
}
