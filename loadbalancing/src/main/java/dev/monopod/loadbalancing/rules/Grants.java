package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import java.util.List;

/// Which references into another namespace are allowed; within one, all are.
record Grants(List<ReferenceGrant> all) {
    record From(String group, String kind, String namespace) {}

    record To(String group, String kind, String namespace, String name) {}

    boolean allow(From from, To to) {
        return from.namespace().equals(to.namespace())
                || all.stream()
                        .filter(grant -> grant.getMetadata().getNamespace().equals(to.namespace()))
                        .anyMatch(grant -> allows(grant, from, to));
    }

    private static boolean allows(ReferenceGrant grant, From from, To to) {
        return grant.getSpec().getFrom().stream()
                        .anyMatch(each ->
                                each.getGroup().equals(from.group())
                                        && each.getKind().equals(from.kind())
                                        && each.getNamespace().equals(from.namespace()))
                && grant.getSpec().getTo().stream()
                        .anyMatch(each ->
                                each.getGroup().equals(to.group())
                                        && each.getKind().equals(to.kind())
                                        && (each.getName() == null
                                                || each.getName().isEmpty()
                                                || each.getName().equals(to.name())));
    }
}
