package dev.monopod.loadbalancing.rules;

import java.util.List;

/// A port of a load balancer.
///
/// @param sources ranges that may connect; empty: all
/// @param certificates for [Protocol#TLS] and [Protocol#HTTPS]; the first is used for unknown names
/// @param rules the first that holds decides; a listener of [Protocol#TCP] or [Protocol#TLS] has
///   only the fallback
/// @param fallback name of the back end for all else
public record Listener(
        int port,
        Protocol protocol,
        List<String> sources,
        List<Certificate> certificates,
        List<Rule> rules,
        String fallback) {
    public Listener {
        sources = List.copyOf(sources);
        certificates = List.copyOf(certificates);
        rules = List.copyOf(rules);
    }

    public enum Protocol {
        TCP,
        TLS,

        /// TLS that a target ends: of a connection nothing is read but the name that it asks for.
        PASSTHROUGH,
        HTTP,
        HTTPS;

        /// Whether requests are read, and not only bytes passed on.
        public boolean readsRequests() {
            return this == HTTP || this == HTTPS;
        }

        public boolean encrypted() {
            return this == TLS || this == HTTPS;
        }
    }

    /// @param backend name of a back end of the same load balancer
    public record Rule(List<RequestMatch> matches, String backend) {
        public Rule {
            matches = List.copyOf(matches);
        }
    }

    /// @param pem certificate chain and key
    /// @param names hosts it is meant for; empty: those that it names itself
    public record Certificate(String id, String pem, List<String> names) {
        public Certificate {
            names = List.copyOf(names);
        }

        /// The key must not get into logs.
        @Override
        public String toString() {
            return "Certificate[" + id + "]";
        }
    }
}
