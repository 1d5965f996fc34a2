package dev.monopod.eks.authorization;

import dev.monopod.eks.wire.UriEncoding;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// An operation of EKS' API, and the right in Kubernetes that it asks for. Those on profiles ask
/// for just what `kubectl` would; those on access entries for a right on `accessentries` of
/// `eks.amazonaws.com`, which is no request that the API server serves: administrators of the
/// cluster have it, and others by a role that names it.
///
/// @param name as IAM has it after `eks:`
public record Action(String name, Right right) {
    /// What it asks for.
    public sealed interface Right {
        /// Nothing, of a user: what `aws eks update-kubeconfig` reads of a cluster. A session of a
        /// role, which a pod may hold, is asked for that right.
        record Described(Attributes ofSessions) implements Right {}

        /// A right in Kubernetes.
        record Needed(Attributes attributes) implements Right {}
    }

    /// Of a request in Kubernetes, as RBAC sees it.
    public record Attributes(String verb, String group, String resource) {}

    private static final String EKS = "eks.amazonaws.com";
    private static final String PROFILES = "fargateprofiles";
    private static final String ENTRIES = "accessentries";
    private static final String ASSOCIATIONS = "podidentityassociations";

    private record Route(String method, String template, Action action) {
        /// An asterisk stands for any one segment that is not empty.
        boolean matches(String method, String[] segments) {
            var parts = template.split("/", -1);
            return this.method.equals(method)
                    && parts.length == segments.length
                    && IntStream.range(0, parts.length)
                            .allMatch(i -> stands(parts[i], segments[i]));
        }

        private static boolean stands(String part, String segment) {
            return part.equals("*") ? !segment.isEmpty() : part.equals(segment);
        }
    }

    private static final List<Route> ROUTES =
            List.of(
                    described("GET", "/clusters", "ListClusters", "list", "clusters"),
                    described("GET", "/clusters/*", "DescribeCluster", "get", "clusters"),
                    described(
                            "GET",
                            "/cluster-versions",
                            "DescribeClusterVersions",
                            "get",
                            "clusters"),
                    described("GET", "/access-policies", "ListAccessPolicies", "get", "clusters"),
                    profile("GET", "/clusters/*/fargate-profiles", "ListFargateProfiles", "list"),
                    profile(
                            "POST",
                            "/clusters/*/fargate-profiles",
                            "CreateFargateProfile",
                            "create"),
                    profile(
                            "GET",
                            "/clusters/*/fargate-profiles/*",
                            "DescribeFargateProfile",
                            "get"),
                    profile(
                            "DELETE",
                            "/clusters/*/fargate-profiles/*",
                            "DeleteFargateProfile",
                            "delete"),
                    association("GET", "", "ListPodIdentityAssociations", "list"),
                    association("POST", "", "CreatePodIdentityAssociation", "create"),
                    association("GET", "/*", "DescribePodIdentityAssociation", "get"),
                    association("POST", "/*", "UpdatePodIdentityAssociation", "update"),
                    association("DELETE", "/*", "DeletePodIdentityAssociation", "delete"),
                    profile("GET", "/tags/*", "ListTagsForResource", "get"),
                    profile("POST", "/tags/*", "TagResource", "update"),
                    profile("DELETE", "/tags/*", "UntagResource", "update"),
                    entry("GET", "/clusters/*/access-entries", "ListAccessEntries", "list"),
                    entry("POST", "/clusters/*/access-entries", "CreateAccessEntry", "create"),
                    entry("GET", "/clusters/*/access-entries/*", "DescribeAccessEntry", "get"),
                    entry("POST", "/clusters/*/access-entries/*", "UpdateAccessEntry", "update"),
                    entry("DELETE", "/clusters/*/access-entries/*", "DeleteAccessEntry", "delete"),
                    entry(
                            "GET",
                            "/clusters/*/access-entries/*/access-policies",
                            "ListAssociatedAccessPolicies",
                            "get"),
                    entry(
                            "POST",
                            "/clusters/*/access-entries/*/access-policies",
                            "AssociateAccessPolicy",
                            "update"),
                    entry(
                            "DELETE",
                            "/clusters/*/access-entries/*/access-policies/*",
                            "DisassociateAccessPolicy",
                            "update"));

    private static final Pattern ASSOCIATION_ARN =
            Pattern.compile("arn:[^:]*:eks:[^:]*:[^:]*:podidentityassociation/.*", Pattern.DOTALL);

    private static final List<Route> ASSOCIATION_TAGS =
            List.of(
                    associationTags("GET", "ListTagsForResource", "get"),
                    associationTags("POST", "TagResource", "update"),
                    associationTags("DELETE", "UntagResource", "update"));

    /// Which operation a request is; empty for one that is none of EKS' that Monopod has.
    ///
    /// @param path as on the wire: what a segment holds is not looked at, but for whose tags are
    ///   meant
    public static Optional<Action> of(String method, String path) {
        var segments = path.split("/", -1);
        return (isOfAssociation(segments) ? ASSOCIATION_TAGS : ROUTES)
                .stream()
                        .filter(route -> route.matches(method, segments))
                        .map(Route::action)
                        .findFirst();
    }

    private static boolean isOfAssociation(String[] segments) {
        return segments.length == 3
                && segments[1].equals("tags")
                // In a path a plus is one.
                && UriEncoding.decode(segments[2].replace("+", "%2B"))
                        .filter(arn -> ASSOCIATION_ARN.matcher(arn).matches())
                        .isPresent();
    }

    private static Route described(
            String method, String template, String name, String verb, String resource) {
        return new Route(
                method,
                template,
                new Action(name, new Right.Described(new Attributes(verb, EKS, resource))));
    }

    private static Route profile(String method, String template, String name, String verb) {
        return needed(method, template, name, new Attributes(verb, "monopod.dev", PROFILES));
    }

    private static Route entry(String method, String template, String name, String verb) {
        return needed(method, template, name, new Attributes(verb, EKS, ENTRIES));
    }

    private static Route association(String method, String rest, String name, String verb) {
        return needed(
                method,
                "/clusters/*/pod-identity-associations" + rest,
                name,
                new Attributes(verb, EKS, ASSOCIATIONS));
    }

    private static Route associationTags(String method, String name, String verb) {
        return needed(method, "/tags/*", name, new Attributes(verb, EKS, ASSOCIATIONS));
    }

    private static Route needed(
            String method, String template, String name, Attributes attributes) {
        return new Route(method, template, new Action(name, new Right.Needed(attributes)));
    }
}
