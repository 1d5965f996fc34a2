/// The log router: sends what the pods of this host write to where ConfigMap
/// `aws-observability/aws-logging` said when they were placed. Reads the log files from where each
/// output stands, so the files are the only buffer; what becomes of a record is decided in
/// `dev.monopod.logging`.
@NullMarked
package dev.monopod.agent.logging;

import org.jspecify.annotations.NullMarked;
