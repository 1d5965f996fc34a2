package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/// Which Ingresses share a load balancer. Whoever is in a group can take requests of the others, so
/// a group reaches as far as its namespace; further only where an administrator says so, by the
/// IngressClassParams of the class: their `spec.namespaceSelector` names namespaces that trust each
/// other, their `spec.group` one group for all. The same name elsewhere is another group.
public final class IngressGroups {
    /// Stands in no name of Kubernetes, so groups of different parameters never read alike.
    private static final String SEPARATOR = "_";

    private static final String PARAMS_GROUP = "elbv2.k8s.aws";
    private static final String ANNOTATION = "group.name";

    /// As AWS wants it.
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?");

    private final List<IngressClass> classes;
    private final List<IngressClassParams> params;
    private final Function<String, Optional<Namespace>> namespaces;

    /// @param classes all of the cluster, as are the parameters
    public IngressGroups(
            List<IngressClass> classes,
            List<IngressClassParams> params,
            Function<String, Optional<Namespace>> namespaces) {
        this.classes = List.copyOf(classes);
        this.params = List.copyOf(params);
        this.namespaces = namespaces;
    }

    static IngressGroups of(Inventory inventory) {
        return new IngressGroups(
                inventory.ingressClasses(), inventory.ingressClassParams(), inventory::namespace);
    }

    /// Whether an owner is a group of several namespaces.
    public static boolean shared(String group) {
        return group.contains(SEPARATOR);
    }

    /// The owner of the load balancer that the Ingress has a part in.
    ///
    /// @throws BadAnnotation when it may not be in the group that it names
    Owner owner(Ingress ingress) {
        var meta = ingress.getMetadata();
        var rules = params(ingress);
        var spec = rules.map(IngressClassParams::getSpec);
        var selector = spec.map(IngressClassParams.Spec::namespaceSelector);
        if (selector.isPresent() && !selects(selector.get(), meta.getNamespace())) {
            throw new BadAnnotation(
                    "spec.ingressClassName: namespaceSelector of IngressClassParams %s does not select namespace %s"
                            .formatted(
                                    rules.orElseThrow().getMetadata().getName(),
                                    meta.getNamespace()));
        }
        var forAll = spec.map(IngressClassParams.Spec::group).map(group -> group.name());
        var group =
                forAll.or(() ->
                        Annotations.of(ingress, ApplicationLoadBalancers.PREFIX).text(ANNOTATION));
        if (group.isEmpty()) {
            return new Owner(Owner.Kind.INGRESS, meta.getNamespace(), meta.getName());
        }
        if (!NAME.matcher(group.get()).matches()) {
            throw new BadAnnotation(
                    "annotation %s%s: \"%s\" is not lower-case letters, digits, hyphens and dots, 63 at most"
                            .formatted(
                                    ApplicationLoadBalancers.PREFIX,
                                    ANNOTATION,
                                    Readable.text(group.get())));
        }
        return forAll.isPresent() || selector.isPresent()
                ? new Owner(
                        Owner.Kind.INGRESS_GROUP,
                        "",
                        rules.orElseThrow().getMetadata().getName() + SEPARATOR + group.get())
                : new Owner(Owner.Kind.INGRESS_GROUP, meta.getNamespace(), group.get());
    }

    /// As [#owner], for those whom a problem does not concern.
    Optional<Owner> ownerOf(Ingress ingress) {
        try {
            return Optional.of(owner(ingress));
        } catch (BadAnnotation told) {
            return Optional.empty();
        }
    }

    private Optional<IngressClassParams> params(Ingress ingress) {
        var reference =
                ApplicationLoadBalancers.classOf(ingress, classes)
                        .map(found -> found.getSpec().getParameters());
        if (reference.isEmpty()) {
            return Optional.empty();
        }
        var name = reference.get().getName();
        var ours =
                PARAMS_GROUP.equals(reference.get().getApiGroup())
                        && "IngressClassParams".equals(reference.get().getKind());
        return Optional.of(
                params.stream()
                        .filter(each -> ours && each.getMetadata().getName().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new BadAnnotation(
                                        "spec.ingressClassName: the class wants %s %s, which is not there"
                                                .formatted(reference.get().getKind(), name))));
    }

    private boolean selects(LabelSelector selector, String namespace) {
        var labels =
                namespaces
                        .apply(namespace)
                        .map(found ->
                                Objects.requireNonNullElse(
                                        found.getMetadata().getLabels(), Map.<String, String>of()));
        return labels.isPresent() && Selection.matches(selector, labels.get());
    }
}
