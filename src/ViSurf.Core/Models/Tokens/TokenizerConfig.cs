using System.Globalization;
using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>What tokenizer_config.json says beside tokenizer.json: tokens that it alone lists are added, as transformers does.</summary>
internal static class TokenizerConfig
{
    // In transformers' order, which gives ids to those without one.
    private static readonly string[] Named = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private static readonly string[] Lists = ["additional_special_tokens", "extra_special_tokens"];

    /// <summary>Whether it lists tokens with their ids.</summary>
    public static bool ListsTokens(JsonElement root) => new JsonPart(root, "").Find("added_tokens_decoder") is not null;

    /// <summary>Adds the tokens with ids, then the special ones that are only named; flags given here win over tokenizer.json's.</summary>
    /// <param name="root">The file.</param>
    /// <param name="tokens">What tokenizer.json lists, to be completed.</param>
    /// <param name="prefixBlank">Whether tokenizer.json puts a blank before pieces.</param>
    /// <returns>True.</returns>
    /// <exception cref="FormatException">An id is not the one transformers gives, or an option is not supported.</exception>
    public static bool Complete(JsonElement root, AddedTokenList tokens, bool prefixBlank)
    {
        var file = new JsonPart(root, "");
        if (file.Flag("split_special_tokens", false))
            throw new FormatException("'split_special_tokens' is true: without its special tokens a conversation has no turns. "
                + "Set it to false");
        if (file.Find("add_prefix_space") is { } prefix && prefix.Flag() != prefixBlank)
            throw prefix.Wrong($"{(prefixBlank ? "true" : "false")} as tokenizer.json has it: "
                + $"versions of transformers disagree on which of them counts");
        foreach (var (option, token) in (ReadOnlySpan<(string, string)>)[("add_bos_token", "bos_token"), ("add_eos_token", "eos_token")])
            if (file.Flag(option, false) && file.Find(token) is not null)
                throw new FormatException($"'{option}' is true: where a conversation begins and ends is the chat template's to say. "
                    + $"Set it to false");
        var listed = file.Find("added_tokens_decoder")?.Entries().Select(t => TokenizerJson.Added(t.Value, Id(t.Key), "__type"));
        tokens.AddAll(listed?.OrderBy(t => t.Id).ToArray() ?? []);
        foreach (var name in Named)
            if (file.Find(name) is { } token) tokens.AddSpecial(Special(token));
        foreach (var list in Lists)
            foreach (var token in file.Find(list) is not { } found ? [] : found.IsObject ? found.Entries().Select(e => e.Value)
                : found.List())
                tokens.AddSpecial(Special(token));
        return true;
    }

    /// <summary>The older added_tokens.json: texts and ids.</summary>
    public static bool CompleteOlder(JsonElement root, AddedTokenList tokens)
    {
        var listed = new JsonPart(root, "").Entries()
            .Select(t => new AddedToken(t.Key, t.Value.Int(), Special: false) { Normalized = true });
        return tokens.AddAll(listed.OrderBy(t => t.Id).ToArray());
    }

    private static AddedToken Special(JsonPart token)
        => token.IsObject ? TokenizerJson.Added(token, id: 0, "__type") : new AddedToken(token.Text(), Id: 0, Special: true);

    private static int Id(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw new FormatException($"'{Excerpt.Of(text)}' is not the id of an added token");
}
