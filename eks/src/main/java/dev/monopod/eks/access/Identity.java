package dev.monopod.eks.access;

import dev.monopod.eks.access.Principal.Kind;
import dev.monopod.eks.identity.Caller;
import java.util.Optional;

/// A caller taken apart.
///
/// @param principal whose session it is, or the caller itself
/// @param sessionName letters, digits and `_+=,.@-`; empty of what is no role's session
/// @param userId of the principal, without the session's name
record Identity(Caller caller, Principal principal, String sessionName, String userId) {
    /// Empty if the caller is nobody whom AWS would name so, such as a session whose name has a
    /// colon, or whose parts contradict each other.
    static Optional<Identity> of(Caller caller) {
        var session = Principal.ofSession(caller.arn());
        var identity =
                session.isPresent()
                        ? ofSession(caller, session.get())
                        : Principal.parse(caller.arn())
                                // A role itself never calls, only its sessions do.
                                .filter(principal -> principal.kind() != Kind.ROLE)
                                .map(principal ->
                                        new Identity(caller, principal, "", caller.userId()));
        return identity.filter(found ->
                found.principal().account().equals(caller.accountId())
                        && !found.userId().isEmpty());
    }

    private static Optional<Identity> ofSession(Caller caller, Principal role) {
        var name = caller.arn().substring(caller.arn().lastIndexOf('/') + 1);
        var ending = ":" + name;
        var id = caller.userId();
        if (!id.endsWith(ending) || id.indexOf(':') != id.length() - ending.length()) {
            return Optional.empty();
        }
        var roleId = id.substring(0, id.length() - ending.length());
        return Optional.of(new Identity(caller, role, name, roleId));
    }
}
