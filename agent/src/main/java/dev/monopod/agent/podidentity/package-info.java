/// What SDKs of AWS in pods reach at a link-local address: credentials of Pod Identity, and STS.
/// The agent only passes on what they ask, for it has no right to make sessions. Knows `host` and
/// the API client.
@NullMarked
package dev.monopod.agent.podidentity;

import org.jspecify.annotations.NullMarked;
