/// What HAProxy is told and what it answers, as text: no process, no socket. May use the rules.
@NullMarked
package dev.monopod.loadbalancing.haproxy;

import org.jspecify.annotations.NullMarked;
