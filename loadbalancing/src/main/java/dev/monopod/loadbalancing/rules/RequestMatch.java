package dev.monopod.loadbalancing.rules;

import java.util.List;

/// One condition on a request, or on a connection; a rule holds when all of its conditions hold.
public sealed interface RequestMatch {
    /// The Host header, without its port, in lower case.
    record Host(String name) implements RequestMatch {}

    /// Any name below a domain.
    ///
    /// @param suffix begins with a dot
    record HostBelow(String suffix, Depth depth) implements RequestMatch {}

    /// How many labels a wildcard stands for: one in an Ingress, any number in a Gateway.
    enum Depth {
        ONE_LABEL,
        ANY
    }

    /// A regular expression over the whole Host header, without its port, in lower case.
    record HostExpression(String expression) implements RequestMatch {}

    /// The name that a TLS connection asks for, which the load balancer does not end.
    record Sni(String name) implements RequestMatch {}

    /// Any such name below a domain.
    ///
    /// @param suffix begins with a dot
    record SniBelow(String suffix) implements RequestMatch {}

    record PathExact(String path) implements RequestMatch {}

    /// Whole elements: `/a` holds for `/a` and `/a/b`, not for `/ab`.
    record PathPrefix(String path) implements RequestMatch {}

    /// A regular expression over the whole path.
    record PathExpression(String expression) implements RequestMatch {}

    record Header(String name, String value, Comparison comparison) implements RequestMatch {}

    record Query(String name, String value, Comparison comparison) implements RequestMatch {}

    /// A regular expression, in any letter case, that is looked for in what follows the question
    /// mark, as the client wrote it.
    record QueryExpression(String expression) implements RequestMatch {}

    /// The address that the connection comes from.
    ///
    /// @param range of addresses
    record Source(String range) implements RequestMatch {}

    record Cookie(String name, String value) implements RequestMatch {}

    /// Holds when one of them does.
    record AnyOf(List<RequestMatch> matches) implements RequestMatch {
        public AnyOf {
            matches = List.copyOf(matches);
        }

        /// @param matches at least one
        static RequestMatch of(List<RequestMatch> matches) {
            return matches.size() == 1 ? matches.getFirst() : new AnyOf(matches);
        }
    }

    record Method(String name) implements RequestMatch {}

    /// Holds for a share of the requests. One number below [#THROWS] is thrown for a request, so
    /// that of rules that differ in their chance the first that holds takes what lies between it
    /// and the one before.
    ///
    /// @param below numbers from 0 for which it holds
    record Chance(int below) implements RequestMatch {
        public static final int THROWS = 1_000_000;

        /// The condition of what ends at a sum of weights, after what came before; none for the
        /// last.
        static List<RequestMatch> upTo(long sum, long total) {
            return sum == total ? List.of() : List.of(new Chance((int) (sum * THROWS / total)));
        }
    }

    enum Comparison {
        EXACT,
        EXPRESSION,
        EXPRESSION_IN_ANY_CASE
    }
}
