module monopod.dev/monopod/e2e/frames

go 1.26
