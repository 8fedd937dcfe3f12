package dev.dunlin.console.faults;

/** What becomes of a database, and how it is undone. */
enum Fault {
    STOPPED {
        @Override
        void begin(Database database) {
            database.stop();
        }

        @Override
        void end(Database database) {
            database.start();
        }
    },
    PAUSED {
        @Override
        void begin(Database database) {
            database.pause();
        }

        @Override
        void end(Database database) {
            database.goOn();
        }
    },
    KILLED {
        @Override
        void begin(Database database) {
            database.kill();
        }

        @Override
        void end(Database database) {
            database.start();
        }
    };

    abstract void begin(Database database);

    abstract void end(Database database);
}
