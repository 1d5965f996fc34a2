/// Fakes and faults that the tests of several modules share. No module uses it but in its tests.
///
/// What only one module's tests use stays with them, package-private: the registry and the tars of
/// `host.image`, the fake guest and host of `agent.pod.worker`, the scripted API of `kube.client`.
/// `host` and `kube` can't use this module, since it is made of them: tests of theirs that need it
/// are among this module's tests, in the package that they test.
@NullMarked
package dev.monopod.testkit;

import org.jspecify.annotations.NullMarked;
