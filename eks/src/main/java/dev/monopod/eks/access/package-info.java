/// Who an AWS identity is in Kubernetes: access entries and their policies, the ConfigMap
/// `aws-auth`, and the answers to the API server's token reviews.
///
/// Shapes of the API: botocore 1.44.8, `data/eks/2017-11-01/service-2.json` (Apache 2.0). Rules of
/// the mapping: kubernetes-sigs/aws-iam-authenticator, and EKS' user guide where it goes beyond.
@NullMarked
package dev.monopod.eks.access;

import org.jspecify.annotations.NullMarked;
