package dev.monopod.loadbalancing.rules;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Where a rule leads.
///
/// @param name unique within a load balancer; letters, digits and hyphens
/// @param changes made in this order, before anything else
public record Backend(String name, List<HttpChange> changes, Behaviour behaviour) {
    public Backend {
        changes = List.copyOf(changes);
    }

    /// The targets; none when it answers by itself.
    public List<Target> targets() {
        return behaviour instanceof Behaviour.Pool pool ? pool.targets() : List.of();
    }

    /// What it does with a request or a connection.
    public sealed interface Behaviour {
        /// Sends it to one of the targets.
        ///
        /// @param targetGroup name in the pods' readiness gates; empty if no pod waits for it
        /// @param stickiness empty: any request may go to any target
        record Pool(
                List<Target> targets,
                HealthCheck check,
                Optional<String> targetGroup,
                Transport transport,
                int drainSeconds,
                Optional<Stickiness> stickiness)
                implements Behaviour {
            public Pool {
                targets = List.copyOf(targets);
            }

            /// Without stickiness.
            public Pool(
                    List<Target> targets,
                    HealthCheck check,
                    Optional<String> targetGroup,
                    Transport transport,
                    int drainSeconds) {
                this(targets, check, targetGroup, transport, drainSeconds, Optional.empty());
            }

            /// The same with other targets.
            public Pool with(List<Target> others) {
                return new Pool(others, check, targetGroup, transport, drainSeconds, stickiness);
            }
        }

        /// Sends the client elsewhere; what is empty stays as it was asked for.
        ///
        /// @param port empty: none is written
        record Redirect(int status, String scheme, String host, String port) implements Behaviour {}

        /// Ends the connection; where connections are passed on, there is nothing to answer with.
        record Close() implements Behaviour {}

        /// Answers by itself.
        record Answer(int status, String contentType, String body) implements Behaviour {
            /// With the status and nothing more.
            public Answer(int status) {
                this(status, "text/plain", Integer.toString(status));
            }
        }
    }

    /// How targets are spoken to.
    ///
    /// @param answer how long a target may be silent before the client gets 504; zero: for ever;
    ///   empty: as long as load balancers of this kind wait
    public record Transport(
            ProxyProtocol proxyProtocol, HttpVersion version, Optional<Duration> answer) {
        public static final Transport PLAIN =
                new Transport(ProxyProtocol.NONE, HttpVersion.HTTP_1, Optional.empty());
    }

    /// The version of HTTP that targets speak, where requests are read.
    public enum HttpVersion {
        HTTP_1,
        HTTP_2
    }

    /// Whether targets are told the client's address in front of each connection.
    public enum ProxyProtocol {
        NONE,
        VERSION_2
    }
}
