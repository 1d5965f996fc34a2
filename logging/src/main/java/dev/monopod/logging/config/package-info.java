/// What ConfigMap `aws-observability/aws-logging` says, by EKS' rules, and what pods are told of
/// it. Pure. Depends on the JDK only.
@NullMarked
package dev.monopod.logging.config;

import org.jspecify.annotations.NullMarked;
