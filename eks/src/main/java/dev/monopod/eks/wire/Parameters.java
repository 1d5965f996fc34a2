package dev.monopod.eks.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The parameters of a query or of a form, decoded, in the order sent.
public record Parameters(List<Parameter> all) {
    public record Parameter(String name, String value) {}

    public Parameters {
        all = List.copyOf(all);
    }

    /// Reads `NAME=VALUE&NAME=VALUE`; a name without a value has the empty one. Empty if a part is
    /// badly encoded.
    public static Optional<Parameters> parse(String encoded) {
        List<Parameter> all = new ArrayList<>();
        for (String pair : encoded.split("&")) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            var name = UriEncoding.decode(equals < 0 ? pair : pair.substring(0, equals));
            var value = UriEncoding.decode(equals < 0 ? "" : pair.substring(equals + 1));
            if (name.isEmpty() || value.isEmpty()) {
                return Optional.empty();
            }
            all.add(new Parameter(name.get(), value.get()));
        }
        return Optional.of(new Parameters(all));
    }

    /// The value of that name, which is told apart by letter case; empty if there is none, or more
    /// than one: a reader that takes the first and one that takes the last would differ.
    public Optional<String> one(String name) {
        var values = values(name);
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }

    /// All values of that name, in the order sent.
    public List<String> values(String name) {
        return all.stream().filter(each -> each.name().equals(name)).map(Parameter::value).toList();
    }
}
