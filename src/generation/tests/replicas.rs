use std::time::Duration;

use super::fixture::Room;
use crate::{
    generation::{Generation, LIVE, ReplicaError},
    store::testing::both_databases,
};

both_databases! {
    async fn only_live_servers_are_waited_for(db: TestDb) {
        let room = Room::new(db).await;
        let engine = &room.engine;
        let one = engine.register(Generation(1)).await.unwrap();
        let two = engine.register(Generation(1)).await.unwrap();
        assert_eq!(engine.replicas().await.unwrap().len(), 2);

        engine.heartbeat(&one, Generation(2), None).await.unwrap();
        engine
            .heartbeat(&two, Generation(1), Some("Module/jwt cannot be read"))
            .await
            .unwrap();
        let error = engine
            .wait_for_replicas(Generation(2), Duration::from_millis(120))
            .await
            .unwrap_err();
        let ReplicaError::Behind { replicas, .. } = &error else { panic!("{error}") };
        assert_eq!(replicas.len(), 1);
        assert_eq!(replicas[0].id, two.as_str());
        assert!(error.to_string().contains("serves 1: Module/jwt cannot be read"), "{error}");

        let waiting = engine.wait_for_replicas(Generation(2), Duration::from_secs(20));
        let following = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            engine.heartbeat(&two, Generation(3), None).await.unwrap();
        };
        let (all, ()) = tokio::join!(waiting, following);
        assert_eq!(all.unwrap().len(), 2);

        engine.leave(&two).await.unwrap();
        assert_eq!(engine.replicas().await.unwrap().len(), 1);
        // A server that died said no good-bye.
        room.clock.advance(LIVE);
        assert!(engine.replicas().await.unwrap().is_empty());
        let nobody = engine.wait_for_replicas(Generation(9), Duration::ZERO).await.unwrap();
        assert!(nobody.is_empty());
    }
}
