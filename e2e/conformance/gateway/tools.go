//go:build tools

// Package gateway pins what is built here: upstream's tests, and the server that they send requests to.
package gateway

import _ "sigs.k8s.io/gateway-api/conformance/echo-basic"
