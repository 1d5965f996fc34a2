/// Services whose endpoints depend on who asks: by Node and by zone. May use `kube`, `host` and the
/// watch of [dev.monopod.agent.firewall].
@NullMarked
package dev.monopod.agent.service;

import org.jspecify.annotations.NullMarked;
