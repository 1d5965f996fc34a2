/// What every jail of this host has, whatever runs in it: a user of its own and a control group of
/// its own. Depends on `dev.monopod.host.file` alone.
@NullMarked
package dev.monopod.host.jail;

import org.jspecify.annotations.NullMarked;
