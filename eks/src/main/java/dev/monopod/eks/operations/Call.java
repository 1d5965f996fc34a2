package dev.monopod.eks.operations;

import dev.monopod.eks.identity.Caller;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// A request whose operation is known.
///
/// @param path the path's variables, decoded
/// @param query the query's parameters, decoded, each with its values in the order sent
record Call(Map<String, String> path, Map<String, List<String>> query, byte[] body, Caller caller) {
    /// A variable that the operation's path has.
    String variable(String name) {
        return Objects.requireNonNull(path.get(name), name);
    }

    /// All values of a parameter.
    List<String> all(String parameter) {
        return query.getOrDefault(parameter, List.of());
    }

    /// The first value of a parameter.
    Optional<String> first(String parameter) {
        return all(parameter).stream().findFirst();
    }
}
