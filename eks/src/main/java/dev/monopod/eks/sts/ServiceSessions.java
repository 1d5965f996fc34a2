package dev.monopod.eks.sts;

import dev.monopod.eks.identity.SessionCredentials;
import dev.monopod.eks.identity.Sessions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Sessions of roles that trust a service of AWS, begun by that service. Any thread may call.
public final class ServiceSessions {
    private final Roles roles;
    private final Sessions sessions;

    public ServiceSessions(Roles roles, Sessions sessions) {
        this.roles = roles;
        this.sessions = sessions;
    }

    /// @param arn who acts, as `sts get-caller-identity` says it
    /// @param id `AROA…:SESSION`
    public record Begun(SessionCredentials credentials, String arn, String id) {}

    /// Empty if there is no such role, or if it does not trust the service with all of the actions.
    ///
    /// @param service such as `pods.eks.amazonaws.com`
    /// @param session its name
    /// @param context what conditions of the trust policy may ask, by key
    /// @throws dev.monopod.eks.identity.IdentityUnavailableException if it cannot be known now
    public Optional<Begun> begin(
            String roleArn,
            String service,
            List<String> actions,
            String session,
            Map<String, String> context,
            Instant expires) {
        var principal = new Principal.Service(service);
        return Role.parse(roleArn)
                .filter(role ->
                        roles.find(role.arn())
                                .filter(policy ->
                                        actions.stream()
                                                .allMatch(action ->
                                                        policy.allows(action, principal, context)))
                                .isPresent())
                .map(role ->
                        new Begun(
                                sessions.begin(
                                        role.accountId(),
                                        role.sessionArn(session),
                                        role.sessionId(session),
                                        expires),
                                role.sessionArn(session),
                                role.sessionId(session)));
    }
}
