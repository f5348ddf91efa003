using System.Text.Json;
using System.Text.Json.Nodes;

namespace ViSurf.Core.Fuzz.Making;

/// <summary>JSON that was right once: a value replaced, a key gone, doubled or renamed, or the text itself broken.</summary>
internal static class Json
{
    private const string Place = "\"@here@\"";

    /// <summary>As JSON spells them, and as it must not.</summary>
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "3", "5", "7", "16", "64", "1000", "-0", "0.5", "1.5", "3.0", "1e2", "-2147483648",
        "2147483647", "2147483648", "4294967296", "65536",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616", "1e308", "1e400", "-1e400", "1e-400",
        "5e-324", "NaN", "Infinity", "01", "+1",
        "\"\"", "\" \"", "\"a\"", "\"1\"", "\"true\"", "\"null\"", "\"../x\"", "\"/dev/zero\"", "\"\\ud800\"", "\"\\u0000\"",
        "\"\\ufffe\"", "\"{0}\"", "\"(a+)+$\"", "\"[\"",
        "[]", "[null]", "[0]", "[-1]", "[1,2,3]", "[1,2,3,4]", "[4,3,2,1]", "[1e400,0,0]", "[0,0,0]", "[0,0,0,0]", "[\"a\"]", "[[]]",
        "[[1,2],[3]]", "[1,1]", "[9223372036854775807]", "[true]",
        "{}", "{\"a\":1}", "{\"\":{}}", "{\"type\":\"x\"}", "[{}]", "[{\"a\":null}]",
    ];

    /// <summary>One to three changes, or, seldom, bytes.</summary>
    public static byte[] Changed(Dice dice, string text)
    {
        if (dice.Once(12)) return Bytes.Changed(dice, System.Text.Encoding.UTF8.GetBytes(text));
        for (var changes = 1 + dice.Size(2); changes > 0; changes--)
        {
            if (Parse(text) is not { } root) break;
            try
            {
                text = Once(dice, root);
            }
            catch (InvalidOperationException)
            {
                break;   // half a surrogate pair of an earlier change cannot be written again
            }
        }
        return System.Text.Encoding.UTF8.GetBytes(text);
    }

    /// <summary>A hostile value in place of a random one, as text.</summary>
    public static string Value(Dice dice) => dice.Below(40) switch
    {
        0 => "\"" + new string('a', 1 + dice.Size(100_000)) + "\"",
        1 => new string('[', 500) + new string(']', 500),
        2 => "[" + string.Join(',', Enumerable.Repeat("1", 1 + dice.Size(20_000))) + "]",
        3 => $"{dice.Long()}",
        4 => $"{dice.Below(300)}",
        _ => dice.Of(Values),
    };

    private static string Once(Dice dice, JsonNode root)
    {
        // Down by chance, so that what stands near the root is not lost beside long lists.
        JsonNode? node = root;
        while (true)
        {
            var children = node switch { JsonObject o => o.Count, JsonArray a => a.Count, _ => 0 };
            if (children == 0) return dice.Once(4) && !ReferenceEquals(node, root) ? root.ToJsonString() : Value(dice);
            var which = dice.Below(children);
            var child = node is JsonObject map ? map.ElementAt(which).Value : ((JsonArray)node!)[which];
            var inner = child is JsonObject { Count: > 0 } or JsonArray { Count: > 0 };
            if (inner && !dice.Once(4))
            {
                node = child;
                continue;
            }
            return Change(dice, root, node!, which);
        }
    }

    private static string Change(Dice dice, JsonNode root, JsonNode parent, int which)
    {
        if (parent is JsonArray list)
        {
            if (dice.Once(6)) list.RemoveAt(which);
            else list[which] = "@here@";
            return Filled(dice, root);
        }
        var map = (JsonObject)parent;
        var (key, value) = (map.ElementAt(which).Key, map.ElementAt(which).Value);
        switch (dice.Below(10))
        {
            case 0:
                map.Remove(key);
                return root.ToJsonString();
            case 1:   // the key twice
                map["@twice@"] = "@here@";
                return Filled(dice, root).Replace("\"@twice@\"", JsonSerializer.Serialize(key), StringComparison.Ordinal);
            case 2:   // another name
                map.Remove(key);
                map[key + dice.Of(["_", "s", " ", "\u0000"])] = value?.DeepClone();
                return root.ToJsonString();
            default:
                map[key] = "@here@";
                return Filled(dice, root);
        }
    }

    private static string Filled(Dice dice, JsonNode root) => root.ToJsonString().Replace(Place, Value(dice), StringComparison.Ordinal);

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;   // an earlier change broke it for good
        }
    }
}
