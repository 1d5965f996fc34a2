package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.size.Provisioned;
import io.fabric8.zjsonpatch.JsonDiff;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Completes a pod that a profile selects, as EKS does, or refuses it as [PodValidation] does, so
/// that the API server asks once about a pod; leaves every other pod as it is. Applying it twice
/// changes nothing more. Source: row F3, and the contract's "Names that users and tools see".
public final class PodMutation implements Webhook {
    private static final Logger LOG = LoggerFactory.getLogger(PodMutation.class);

    private final ClusterReads reads;
    private final AdmissionSettings settings;
    private final IamRole iamRole;
    private final PodIdentity podIdentity;
    private final PodSecurityGroups securityGroups;
    private final PodValidation validation;

    public PodMutation(ClusterReads reads, AdmissionSettings settings) {
        this.reads = reads;
        this.settings = settings;
        this.iamRole = new IamRole(settings.region(), reads::hasRole);
        this.podIdentity = new PodIdentity(settings.region());
        this.securityGroups = new PodSecurityGroups(reads);
        this.validation = new PodValidation(reads, settings);
    }

    @Override
    public Verdict judge(Review review) {
        return switch (PodFacts.match(review, reads)) {
            case Match.None(), Match.OptedOut() -> Verdict.Allowed.SILENTLY;
            case Match.LabelNamesOther(String profile, String reason) ->
                    new Verdict.Allowed(
                            List.of(
                                    "label "
                                            + Names.PROFILE_LABEL
                                            + ": "
                                            + profile
                                            + " does not bring the pod to Fargate: "
                                            + reason));
            case Match.Selected(Profile profile) ->
                    review.object().path("spec").path("nodeName").asText("").isEmpty()
                            ? judge(review, profile)
                            : new Verdict.Allowed(
                                    List.of(
                                            "spec.nodeName is set, so the pod does not go to"
                                                    + " Fargate"));
        };
    }

    private Verdict judge(Review review, Profile profile) {
        return switch (validation.judge(review, profile)) {
            case Verdict.Denied denied -> denied;
            case Verdict.Allowed(List<String> advice) -> complete(review, profile, advice);
            case Verdict.Changed(JsonNode _, List<String> advice) ->
                    complete(review, profile, advice);
        };
    }

    private Verdict complete(Review review, Profile profile, List<String> advice) {
        var before = review.object();
        ObjectNode after = before.deepCopy();
        var warnings = new ArrayList<>(advice);
        dropOwn(after, "labels", warnings);
        dropOwn(after, "annotations", warnings);
        metadata(after, profile);
        spec((ObjectNode) after.get("spec"));
        String account = after.at("/spec/serviceAccountName").asText("default");
        readinessGates(
                after,
                reads.readinessGates(
                        review.namespace(), PodFacts.texts(before.at("/metadata/labels"))));
        credentials(after, review.namespace(), account);
        warnings.addAll(securityGroups.apply(after, review.namespace(), profile));
        for (var mark : List.of(Names.CAPACITY_ANNOTATION, Names.SECURITY_GROUPS_ANNOTATION)) {
            replaced(before, after, mark).ifPresent(warnings::add);
        }
        LOG.debug("pod in {} goes to profile {}", review.namespace(), profile.name());
        return new Verdict.Changed(JsonDiff.asJson(before, after), warnings);
    }

    /// An association comes before an annotation of the service account, as in EKS.
    private void credentials(ObjectNode pod, String namespace, String account) {
        var annotations = reads.serviceAccountAnnotations(namespace, account);
        if (reads.hasPodIdentity(namespace, account)) {
            podIdentity.apply(pod, annotations);
        } else {
            iamRole.apply(pod, annotations);
        }
    }

    /// A pod that was exported and is created anew carries what belongs to the one before.
    private static void dropOwn(ObjectNode pod, String kind, List<String> warnings) {
        if (!(pod.path("metadata").path(kind) instanceof ObjectNode texts)) {
            return;
        }
        for (var key : PodFacts.texts(texts).keySet()) {
            if (key.startsWith(Names.OWN_PREFIX) && !key.equals(Names.ADOPT_ANNOTATION)) {
                texts.remove(key);
                if (!key.equals(Names.TARGET_HEALTH_LABEL)) {
                    warnings.add(
                            "metadata.%s[%s] is the system's own and was removed"
                                    .formatted(kind, key));
                }
            }
        }
    }

    /// What the user wrote in a place of the system's.
    private static Optional<String> replaced(JsonNode before, JsonNode after, String annotation) {
        var written = before.path("metadata").path("annotations").path(annotation);
        var now = after.path("metadata").path("annotations").path(annotation);
        return written.isMissingNode() || written.equals(now)
                ? Optional.empty()
                : Optional.of(
                        "metadata.annotations[%s] is the system's own: %s was replaced by %s"
                                .formatted(annotation, written.asText(), now.asText("nothing")));
    }

    private void metadata(ObjectNode pod, Profile profile) {
        var metadata = object(pod, "metadata");
        object(metadata, "labels").put(Names.PROFILE_LABEL, profile.name());
        var annotations = object(metadata, "annotations");
        annotations.put(Names.LOGGING_ANNOTATION, reads.logging().annotation());
        switch (PodSizing.provision(PodFacts.spec(pod), settings.overhead())) {
            case Provisioned.Fits fits ->
                    annotations.put(Names.CAPACITY_ANNOTATION, fits.size().annotation());
            case Provisioned.TooLarge _, Provisioned.TooMuchStorage _ ->
                    annotations.remove(Names.CAPACITY_ANNOTATION);
        }
    }

    /// The API server's own priority plugin ran before and runs again: it compares all three fields
    /// with the class, so all three must agree.
    private static void spec(ObjectNode spec) {
        spec.put("schedulerName", Names.SCHEDULER_NAME);
        spec.put("priorityClassName", Names.PRIORITY_CLASS);
        spec.put("priority", Names.PRIORITY);
        spec.put("preemptionPolicy", "PreemptLowerPriority");
    }

    /// The pod is Ready only when the load balancers send to it. The label is what their hosts find
    /// such pods by.
    private static void readinessGates(ObjectNode pod, Collection<String> types) {
        if (types.isEmpty()) {
            return;
        }
        object(object(pod, "metadata"), "labels").put(Names.TARGET_HEALTH_LABEL, "true");
        var gates = ((ObjectNode) pod.get("spec")).withArray("readinessGates");
        for (var type : types) {
            var there = false;
            for (var gate : gates) {
                there |= gate.path("conditionType").asText().equals(type);
            }
            if (!there) {
                gates.addObject().put("conditionType", type);
            }
        }
    }

    private static ObjectNode object(ObjectNode parent, String field) {
        return parent.get(field) instanceof ObjectNode present ? present : parent.putObject(field);
    }
}
