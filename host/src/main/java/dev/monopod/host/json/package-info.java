/// What Monopod's own files say, as bytes: no disk. Depends on nothing of ours.
@NullMarked
package dev.monopod.host.json;

import org.jspecify.annotations.NullMarked;
