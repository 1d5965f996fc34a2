/// What ConfigMap `aws-observability/aws-logging` says, by EKS' rules. Pure. Depends on `record`.
@NullMarked
package dev.monopod.logging.config;

import org.jspecify.annotations.NullMarked;
