using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Parity;

/// <summary>Text ↔ ids and chats against transformers' Qwen2TokenizerFast, from tokenizer.json and from its parts.</summary>
public sealed class TokenizerParity
{
    private static readonly JsonDocument Golden = Fixtures.Json("tokenizer", "golden.json");
    private static readonly QwenChat Chat = ChatTemplateFile.Read(Fixtures.PathOf("tokenizer"), QwenChat.Plain);
    private static readonly QwenTokenizer Whole = QwenTokenizer.Load(Fixtures.PathOf("tokenizer"));
    private static readonly QwenTokenizer Parts = LoadParts();

    public static TheoryData<int> Texts() => Count("cases");

    public static TheoryData<int> Chats() => Count("chats");

    [Fact]
    public void There_are_cases()
    {
        Texts().Count.Should().BePositive();
        Chats().Count.Should().BePositive();
    }

    [Theory, MemberData(nameof(Texts))]
    public void Text_becomes_the_reference_ids_and_comes_back(int index)
    {
        var golden = Golden.RootElement.GetProperty("cases")[index];
        var (text, ids) = (golden.GetProperty("text").GetString()!, Ids(golden));
        foreach (var tokenizer in new[] { Whole, Parts })
        {
            tokenizer.Encode(text).Should().Equal(ids, "of {0}", text);
            tokenizer.Decode(ids, skipSpecialTokens: false).Should().Be(golden.GetProperty("decoded").GetString());
            tokenizer.Decode(ids).Should().Be(golden.GetProperty("decoded_skip_special").GetString());
        }
    }

    [Theory, MemberData(nameof(Chats))]
    public void Chats_render_to_the_reference_text_and_ids(int index)
    {
        var golden = Golden.RootElement.GetProperty("chats")[index];
        var turns = golden.GetProperty("messages").EnumerateArray().Select(Turn).ToArray();
        var text = Chat.Render(turns, golden.GetProperty("add_generation_prompt").GetBoolean()).Text;
        text.Should().Be(golden.GetProperty("text").GetString());
        Whole.Encode(text).Should().Equal(Ids(golden));
    }

    private static ChatTurn Turn(JsonElement message)
    {
        var content = message.GetProperty("content");
        var parts = content.ValueKind == JsonValueKind.String
            ? [ChatPart.OfText(content.GetString()!)]
            : content.EnumerateArray().Select(p => p.GetProperty("type").GetString() == "image" ? ChatPart.Image : ChatPart.OfText(p.GetProperty("text").GetString()!)).ToArray();
        return new ChatTurn(message.GetProperty("role").GetString()!, parts);
    }

    private static int[] Ids(JsonElement golden) => golden.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()).ToArray();

    private static TheoryData<int> Count(string kind)
    {
        var data = new TheoryData<int>();
        for (var i = 0; i < Golden.RootElement.GetProperty(kind).GetArrayLength(); i++) data.Add(i);
        return data;
    }

    private static QwenTokenizer LoadParts()
    {
        using var copy = TemporaryDirectory.CopyOf("tokenizer");
        File.Delete(copy.File("tokenizer.json"));
        return QwenTokenizer.Load(copy.Path);
    }
}
