import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractUniqueIndex;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.EmptyIndex;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.bson.BsonDecoder;
import de.bwaldvogel.mongo.wire.bson.BsonEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.WriteBuffer;
import org.h2.mvstore.type.BasicDataType;
import org.h2.mvstore.type.ObjectDataType;
import org.h2.mvstore.type.StringDataType;

/** Serves the MongoDB protocol from one file. Arguments: the file, the port. */
public class MongoServer {
    /** The lowest version that the official drivers of today still speak to. */
    static final MongoVersion VERSION = new MongoVersion() {
        @Override public List<Integer> getVersionArray() { return List.of(4, 4, 0); }
        @Override public int getWireVersion() { return 9; }
    };

    /** Databases are opened while their backend is being made, so no field of it could hold this. */
    private static MVStore store;

    public static void main(String[] args) {
        store = MVStore.open(args[0]);
        H2Backend backend = new Backend();
        backend.version(VERSION);
        var server = new de.bwaldvogel.mongo.MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        System.out.println("listening on 127.0.0.1:" + args[1]);
    }

    static final class Backend extends H2Backend {
        Backend() { super(store); }

        @Override protected MongoDatabase openOrCreateDatabase(String name) {
            return new Database(name, getCursorRegistry());
        }
    }

    static final class Database extends H2Database {
        Database(String name, CursorRegistry cursors) { super(name, store, cursors); }

        /** The backend ignores indexes that are not unique, yet reads all documents twice at each start to fill one. */
        @Override protected Index<Object> openOrCreateSecondaryIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
            return new EmptyIndex<>(name, keys) {
                @Override public boolean isEmpty() { return false; }
            };
        }

        @Override protected Index<Object> openOrCreateUniqueIndex(
                String collection, String name, List<IndexKey> keys, boolean sparse) {
            // What the backend kept under this name cannot be read as what this keeps; an empty index is filled at once.
            store.removeMap(getFullCollectionNamespace(collection) + "._index_" + name);
            var types = new MVMap.Builder<String, Object>().keyType(StringDataType.INSTANCE);
            return new UniqueIndex(store.openMap(keysOf(collection, name), types), name, keys, sparse);
        }

        @Override protected void dropIndex(MongoCollection<Object> collection, String name) {
            super.dropIndex(collection, name);
            store.removeMap(keysOf(collection.getCollectionName(), name));
        }

        private String keysOf(String collection, String name) {
            return getFullCollectionNamespace(collection) + "._keys_" + name;
        }

        @Override protected MongoCollection<Object> openOrCreateCollection(String name, CollectionOptions options) {
            String full = getFullCollectionNamespace(name);
            var types = new MVMap.Builder<Object, Document>().valueType(new Documents());
            MVMap<Object, Document> documents = store.openMap("databases." + full, types);
            return new H2Collection(this, name, options, documents, store.openMap("meta." + full), cursorRegistry);
        }
    }

    /** By the bytes of the keys: the backend's own serializes both keys for each comparison, most of what an insert cost. */
    static final class UniqueIndex extends AbstractUniqueIndex<Object> {
        private final MVMap<String, Object> positions;

        UniqueIndex(MVMap<String, Object> positions, String name, List<IndexKey> keys, boolean sparse) {
            super(name, keys, sparse);
            this.positions = positions;
        }

        @Override protected Object removeDocument(KeyValue key) { return positions.remove(bytes(key)); }

        @Override protected boolean putKeyPosition(KeyValue key, Object position) {
            return positions.putIfAbsent(bytes(key), Missing.ofNullable(position)) == null;
        }

        @Override protected Iterable<Map.Entry<KeyValue, Object>> getIterable() {
            return () -> positions.entrySet().stream()
                .map(entry -> Map.entry(key(entry.getKey()), entry.getValue())).iterator();
        }

        @Override protected Object getPosition(KeyValue key) { return positions.get(bytes(key)); }

        @Override public long getCount() { return positions.sizeAsLong(); }

        @Override public boolean isEmpty() { return positions.isEmpty(); }

        @Override public long getDataSize() { return getCount(); }

        /** A BSON document of the values by their places, without those that are missing. */
        private static String bytes(KeyValue key) {
            Document values = new Document();
            for (int at = 0; at < key.size(); at++) {
                if (!(key.get(at) instanceof Missing)) {
                    values.put(Integer.toString(at), key.get(at));
                }
            }
            ByteBuf bytes = Unpooled.buffer(64);
            BsonEncoder.encodeDocument(values, bytes);
            return bytes.toString(StandardCharsets.ISO_8859_1);
        }

        private KeyValue key(String bytes) {
            Document values = BsonDecoder.decodeBson(Unpooled.wrappedBuffer(bytes.getBytes(StandardCharsets.ISO_8859_1)));
            return new KeyValue(IntStream.range(0, getKeys().size())
                .mapToObj(at -> values.getOrDefault(Integer.toString(at), Missing.getInstance())).toArray());
        }
    }

    /** Documents as BSON: Java's own serialization costs several times as much. What was stored by it can be read. */
    static final class Documents extends BasicDataType<Document> {
        /** No tag of ObjectDataType. */
        private static final byte BSON = (byte) 0xB5;
        private static final int USUAL_BYTES = 1024;

        private final ObjectDataType serialized = new ObjectDataType();

        @Override public int getMemory(Document document) { return USUAL_BYTES; }

        @Override public Document[] createStorage(int size) { return new Document[size]; }

        @Override public void write(WriteBuffer to, Document document) {
            ByteBuf bytes = Unpooled.buffer(USUAL_BYTES);
            BsonEncoder.encodeDocument(document, bytes);
            to.put(BSON).put(bytes.array(), 0, bytes.writerIndex());
        }

        @Override public Document read(ByteBuffer from) {
            int at = from.position();
            if (from.get(at) != BSON) {
                return (Document) serialized.read(from);
            }
            from.position(at + 1);
            ByteBuf bytes = Unpooled.wrappedBuffer(from);
            Document document = BsonDecoder.decodeBson(bytes);
            from.position(at + 1 + bytes.readerIndex());
            return document;
        }
    }
}
